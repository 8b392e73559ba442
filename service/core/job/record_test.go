package job_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/service/core/job"
	"github.com/spacedrive-go/spacedrive/service/store"
)

func TestWarningsAreCountedListedAndPaged(t *testing.T) {
	const n = 10_500
	l := newLab(t, func(ctx context.Context, r *job.Run) (output, error) {
		for i := 0; i < n; i += 500 {
			var some []api.Warning
			for k := range 500 {
				some = append(some, api.Warning{Path: api.Path(fmt.Sprintf("/\xff%d", i+k)), Code: protocol.PermissionDenied, Message: "no"})
			}
			err := r.Library().DB.Write(ctx, func(tx *store.Tx) error { return r.Save(tx, i, api.Progress{}, some) })
			if err != nil {
				return output{}, err
			}
		}
		return output{}, nil
	})
	id := l.start(protocol.ID{})
	info := l.wait(id, api.JobCompleted)
	if info.Warnings != n || len(info.WarningList) != api.DefaultLimit || info.NextCursor == "" {
		t.Fatalf("%d warnings, %d listed", info.Warnings, len(info.WarningList))
	}
	var all []api.Warning
	in := api.JobInfoInput{JobID: id, Page: api.Page{Limit: 3000}}
	for {
		page, err := call(l, api.JobsInfo, in)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, page.WarningList...)
		if in.Cursor = page.NextCursor; in.Cursor == "" {
			break
		}
	}
	if len(all) != 10_000 || all[9_999].Path != "/\xff9999" {
		t.Errorf("%d listed", len(all))
	}
	in.Cursor = "nonsense"
	_, err := call(l, api.JobsInfo, in)
	wantCode(t, err, protocol.Validation)
}

func TestOldJobsAreDropped(t *testing.T) {
	l := newLab(t, func(context.Context, *job.Run) (output, error) { return output{}, nil })
	var last protocol.ID
	err := l.lib.DB.Write(t.Context(), func(tx *store.Tx) error {
		for i := range 1100 {
			last = protocol.NewID()
			err := tx.Exec("INSERT INTO job (uuid, kind, status, trace_id, input, created_at) VALUES (?, 'test', 'completed', '', '{}', ?)", last, i)
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	id := l.start(protocol.ID{})
	l.wait(id, api.JobCompleted)
	var all []api.Job
	in := api.JobListInput{Page: api.Page{Limit: 300}}
	for {
		page, err := call(l, api.JobsList, in)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, page.Jobs...)
		if in.Cursor = page.NextCursor; in.Cursor == "" {
			break
		}
	}
	if len(all) != 1000 || all[0].ID != id || all[1].ID != last {
		t.Errorf("%d jobs are kept", len(all))
	}
	if page, err := call(l, api.JobsList, api.JobListInput{Kind: "other"}); err != nil || len(page.Jobs) != 0 {
		t.Errorf("%d jobs of another kind, %v", len(page.Jobs), err)
	}
	in.Cursor, in.Kind = "bm9uc2Vuc2U", ""
	_, err = call(l, api.JobsList, in)
	wantCode(t, err, protocol.Validation)
}
