// Command grpc is the small call and the listing through gRPC, over a unix
// socket.
package main

import (
	"context"
	"fmt"
	"net"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/spacedrive-go/spacedrive/contrib/bench/peers/grpc/pb"
	"github.com/spacedrive-go/spacedrive/contrib/bench/peers/message"
	"github.com/spacedrive-go/spacedrive/contrib/bench/peers/round"
)

const (
	entries        = 10_000
	longestMessage = 64 << 20 // bytes
)

func main() { round.Main(serve, load) }

// server is the service.
type server struct {
	pb.UnimplementedBenchServer
	hits []*pb.Hit
}

func (s *server) Small(_ context.Context, in *pb.SmallMessage) (*pb.SmallMessage, error) {
	return &pb.SmallMessage{Name: in.Name, Size: in.Size}, nil
}

func (s *server) Listing(_ context.Context, in *pb.ListingInput) (*pb.SearchResult, error) {
	n := min(in.Entries, int64(len(s.hits)))
	return &pb.SearchResult{Hits: s.hits[:n], Total: n}, nil
}

func serve(address string) error {
	ln, err := net.Listen("unix", address)
	if err != nil {
		return err
	}
	s := grpc.NewServer()
	pb.RegisterBenchServer(s, &server{hits: hits()})
	return s.Serve(ln)
}

// hits are the entries of benchapi.Entries.
func hits() []*pb.Hit {
	all := make([]*pb.Hit, entries)
	for i := range all {
		name := fmt.Sprintf("img_%05d.jpg", i)
		path := []byte(fmt.Sprintf("/home/ada/Photos/2026/%02d/%s", i/1000, name))
		all[i] = &pb.Hit{
			Entry: &pb.Entry{
				Id: []byte(fmt.Sprintf("%016d", i)), Path: path, Name: []byte(name), Kind: "image", Size: int64(i) * 4099,
				ModifiedAt: time.Unix(1_780_000_000+int64(i), 123_456_789).UTC().Format(time.RFC3339Nano),
				LocationId: []byte(fmt.Sprintf("%016d", -1)),
			},
			Path: path, Score: 1,
			Highlights: []*pb.Highlight{{Start: 0, End: 3}},
		}
	}
	return all
}

func load(f round.Flags, address string) (round.Measure, error) {
	ctx := context.Background()
	return round.Calls(f, func() (func() error, error) {
		conn, err := grpc.NewClient("unix:"+address,
			grpc.WithTransportCredentials(insecure.NewCredentials()),
			grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(longestMessage)))
		c := pb.NewBenchClient(conn)
		if f.Mode == "listing" {
			return func() error { return list(ctx, c) }, err
		}
		return func() error {
			out, err := c.Small(ctx, &pb.SmallMessage{Name: message.ASmall.Name, Size: message.ASmall.Size})
			if err != nil {
				return err
			}
			return message.Check(message.Small{Name: out.Name, Size: out.Size})
		}, err
	})
}

func list(ctx context.Context, c pb.BenchClient) error {
	out, err := c.Listing(ctx, &pb.ListingInput{Entries: entries})
	if err == nil && (len(out.Hits) != entries || string(out.Hits[entries-1].Entry.Name) != fmt.Sprintf("img_%05d.jpg", entries-1)) {
		err = fmt.Errorf("the listing has %d entries, the last of them wrong", len(out.Hits))
	}
	return err
}
