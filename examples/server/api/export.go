package api

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/userman"
)

// ndjsonType is JSON values with a line break behind each.
const ndjsonType = "application/x-ndjson"

// maxExports is how many exports run at once: each holds one of the connections
// to the database for as long as its client reads. exportPause is how many
// seconds others are told to wait.
const (
	maxExports  = 2
	exportPause = "10"
)

func (a *api) registerExport(g group) {
	register(g, operation{
		id: "exportUsers", method: http.MethodGet, path: "/user-export", summary: "Export all people, as one JSON object on each line",
		description: "As of one moment, in the order of their ids. When it fails on the way the connection is cut: the last line is then no whole one, or the length is missing. The audit trail is told.",
		errors:      []int{http.StatusServiceUnavailable}, media: ndjsonType, response: exampleUser(),
	}, func(ctx context.Context, _ *struct{}) (*huma.StreamResponse, error) {
		people := a.people(ctx)
		return &huma.StreamResponse{Body: func(out huma.Context) { a.export(ctx, out, people) }}, nil
	})
}

// beginExport makes room for an export, until end, or refuses. The trail is told
// first: what a client was sent it has, also when the rest fails.
func (a *api) beginExport(ctx context.Context) (end func(), err error) {
	select {
	case a.exports <- struct{}{}:
		end = func() { <-a.exports }
	default:
		return nil, newProblem(http.StatusServiceUnavailable, "busy", "others are exporting; try again when they have ended").
			with("Retry-After", exportPause)
	}
	if err := a.site.Trail.Record(ctx, audit.Event{Action: "export", Kind: userman.PersonRecord}); err != nil {
		end()
		return nil, err
	}
	return end, nil
}

// late notes whether anything was written.
type late struct {
	io.Writer
	begun bool
}

// Write notes that something was.
func (l *late) Write(p []byte) (int, error) {
	l.begun = true
	return l.Writer.Write(p)
}

// export writes everybody. What fails before anything is on its way is told as
// a problem; afterwards half an answer must not look like a whole one.
func (a *api) export(ctx context.Context, out huma.Context, people *userman.Service) {
	_, w := humago.Unwrap(out)
	end, err := a.beginExport(ctx)
	if err != nil {
		a.problemOf(ctx, err, "query").write(w)
		return
	}
	defer end()
	w.Header().Set("Content-Type", ndjsonType)
	sent := &late{Writer: w}
	buffer := bufio.NewWriterSize(sent, 64<<10)
	encoder := json.NewEncoder(buffer)
	err = people.Each(ctx, func(u *userman.User) error { return encoder.Encode(u) })
	if err == nil {
		err = buffer.Flush()
	}
	switch {
	case err == nil:
	case !sent.begun:
		a.problemOf(ctx, err, "query").write(w)
	default:
		if ctx.Err() == nil {
			a.log.WarnContext(ctx, "an export ended on its way", "error", err)
		}
		panic(http.ErrAbortHandler)
	}
}
