package api

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"

	"github.com/pbxusers/pbxusers/examples/internal/resource"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// maxExports is how many exports run at once: each holds a connection to the
// database while its client reads. exportRetryAfter is the number of seconds that
// other clients are asked to wait.
const (
	maxExports       = 2
	exportRetryAfter = 10
)

func (a *api) registerExport(g operationGroup) {
	g.register(operation{
		id: "exportUsers", route: "POST /users/export", media: ndjsonType, response: schemaFor[resource.UserView](a.document),
	}, func(ctx context.Context, _ *request) (*response, error) {
		select {
		case a.exports <- struct{}{}:
		default:
			return nil, &store.BusyError{RetryAfterSeconds: exportRetryAfter}
		}
		users := a.users(ctx)
		return &response{stream: func(w http.ResponseWriter) {
			defer func() { <-a.exports }()
			a.export(ctx, w, users)
		}}, nil
	})
}

// writeTracker remembers whether anything was written.
type writeTracker struct {
	io.Writer
	started bool
}

// Write writes p.
func (l *writeTracker) Write(p []byte) (int, error) {
	l.started = true
	return l.Writer.Write(p)
}

// export writes all users. A failure before anything is sent is reported as a
// problem; later ones close the connection, so that half an export never looks
// complete.
func (a *api) export(ctx context.Context, w http.ResponseWriter, users *userman.Service) {
	w.Header().Set("Content-Type", ndjsonType)
	sent := &writeTracker{Writer: w}
	buffer := bufio.NewWriterSize(sent, 64<<10)
	encoder := json.NewEncoder(buffer)
	err := users.Export(ctx, func(u *userman.User) error { return encoder.Encode(u) })
	if err == nil {
		err = buffer.Flush()
	}
	switch {
	case err == nil:
	case !sent.started:
		a.toProblem(ctx, err, "query").write(w)
	default:
		if ctx.Err() == nil {
			a.log.WarnContext(ctx, "an export was interrupted", "error", err)
		}
		panic(http.ErrAbortHandler)
	}
}
