package service

import (
	"bufio"
	"context"
	"fmt"
	"net"
)

// check tests what clients use: a connection to each instance, whose core.status
// takes the locks of its parts, and the core's own goroutines.
func (d *Daemon) check(ctx context.Context) error {
	for _, i := range d.instances.All() {
		if err := d.askStatus(ctx, i.Name()); err != nil {
			return fmt.Errorf("instance %s does not answer: %w", i.Name(), err)
		}
		if i.Opened() {
			if err := i.Core().Check(ctx); err != nil {
				return fmt.Errorf("instance %s does not work: %w", i.Name(), err)
			}
		}
	}
	return nil
}

func (d *Daemon) askStatus(ctx context.Context, name string) error {
	here, there := net.Pipe()
	defer here.Close()
	d.wg.Go(func() { d.server.ServeInternal(there, d.instances.Get(name)) })
	defer context.AfterFunc(ctx, func() { here.Close() })() // a hanging call must not delay the next check or the exit
	if _, err := here.Write([]byte(`{"type":"query","method":"core.status"}` + "\n")); err != nil {
		return err
	}
	_, err := bufio.NewReader(here).ReadSlice('\n')
	if err == bufio.ErrBufferFull { // longer than the buffer is an answer too
		err = nil
	}
	return err
}
