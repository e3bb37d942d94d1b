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
// to the database for as long as its client reads. exportRetryAfter is how many
// seconds others are told to wait.
const (
	maxExports       = 2
	exportRetryAfter = "10"
)

func (a *api) registerExport(g operationGroup) {
	register(g, operation{
		id: "exportUsers", method: http.MethodGet, path: "/user-export", summary: "Export all people, as one JSON object on each line",
		description: "As of one moment, in the order of their ids. When it fails on the way the connection is cut: the last line is then no whole one, or the length is missing. The audit trail is told.",
		errors:      []int{http.StatusServiceUnavailable}, media: ndjsonType, response: exampleUser(),
	}, func(ctx context.Context, _ *struct{}) (*huma.StreamResponse, error) {
		users := a.users(ctx)
		return &huma.StreamResponse{Body: func(out huma.Context) { a.export(ctx, out, users) }}, nil
	})
}

// startExport makes room for an export, until end, or refuses. The trail is told
// first: what a client was sent it has, also when the rest fails.
func (a *api) startExport(ctx context.Context) (end func(), err error) {
	select {
	case a.exports <- struct{}{}:
		end = func() { <-a.exports }
	default:
		return nil, newProblem(http.StatusServiceUnavailable, "busy", "others are exporting; try again when they have ended").
			withHeader("Retry-After", exportRetryAfter)
	}
	if err := a.app.AuditLog.Record(ctx, audit.Event{Action: "export", Kind: userman.KindUser}); err != nil {
		end()
		return nil, err
	}
	return end, nil
}

// writeTracker notes whether anything was written.
type writeTracker struct {
	io.Writer
	started bool
}

// Write notes that something was.
func (l *writeTracker) Write(p []byte) (int, error) {
	l.started = true
	return l.Writer.Write(p)
}

// export writes everybody. What fails before anything is on its way is told as
// a problem; afterwards half an answer must not look like a whole one.
func (a *api) export(ctx context.Context, out huma.Context, users *userman.Service) {
	_, w := humago.Unwrap(out)
	end, err := a.startExport(ctx)
	if err != nil {
		a.toProblem(ctx, err, "query").write(w)
		return
	}
	defer end()
	w.Header().Set("Content-Type", ndjsonType)
	sent := &writeTracker{Writer: w}
	buffer := bufio.NewWriterSize(sent, 64<<10)
	encoder := json.NewEncoder(buffer)
	err = users.Each(ctx, func(u *userman.User) error { return encoder.Encode(u) })
	if err == nil {
		err = buffer.Flush()
	}
	switch {
	case err == nil:
	case !sent.started:
		a.toProblem(ctx, err, "query").write(w)
	default:
		if ctx.Err() == nil {
			a.log.WarnContext(ctx, "an export ended on its way", "error", err)
		}
		panic(http.ErrAbortHandler)
	}
}
