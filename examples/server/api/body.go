package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"mime"
	"net"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

const (
	jsonType  = "application/json"
	mergeType = "application/merge-patch+json"
)

// readBody reads the body of a request and refuses one that is not what the
// operation takes, before huma looks at it. It runs behind the door: whoever
// may not come in is told so first.
func (a *api) readBody(ctx huma.Context, next func(huma.Context)) {
	r, w := humago.Unwrap(ctx)
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		next(ctx)
		return
	}
	body, err := readAll(w, r, maxBody)
	if err == nil {
		err = checkBody(ctx.Operation(), r.Header.Get("Content-Type"), body)
	}
	if err != nil {
		a.toProblem(r.Context(), err, "body").write(w)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	r.Header.Set("Content-Type", jsonType)
	next(huma.WithValue(ctx, bodyKey{}, sha256.Sum256(body)))
}

type bodyKey struct{}

// bodyHash returns the hash of the body of the request.
func bodyHash(ctx context.Context) [sha256.Size]byte {
	hash, _ := ctx.Value(bodyKey{}).([sha256.Size]byte)
	return hash
}

// readAll reads the body, of at most that many bytes. The server that it comes
// from bounds the time.
func readAll(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	var timeout net.Error
	switch {
	case err == nil:
		return body, nil
	case errors.As(err, new(*http.MaxBytesError)):
		return nil, tooLargeProblem()
	case errors.As(err, &timeout) && timeout.Timeout():
		return nil, newProblem(http.StatusRequestTimeout, "timeout", "the body took too long to arrive")
	}
	return nil, newProblem(http.StatusBadRequest, "body", "the body could not be read")
}

func tooLargeProblem() *problem {
	return newProblem(http.StatusRequestEntityTooLarge, "too_large", "the body is larger than 1 MiB, or a picture than 5 MiB")
}

func checkBody(op *huma.Operation, contentType string, body []byte) error {
	switch {
	case op.RequestBody == nil:
		// Clients that always send JSON send an empty object.
		if trimmed := bytes.TrimSpace(body); len(trimmed) > 0 && !bytes.Equal(trimmed, []byte("{}")) {
			return newInvalidProblem(http.StatusUnprocessableEntity, fieldProblem{"body", "unexpected", "this takes no body"})
		}
		return nil
	case len(body) == 0 && op.RequestBody.Required:
		return newInvalidProblem(http.StatusUnprocessableEntity, fieldProblem{"body", "required", "this must be given, as " + jsonType})
	case len(body) == 0:
		return nil
	}
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil || media != jsonType && (op.Method != http.MethodPatch || media != mergeType) {
		return newProblem(http.StatusUnsupportedMediaType, "content_type", "send the body as "+jsonType)
	}
	_, err = parseJSON(body)
	if invalid, ok := errors.AsType[*jsonError](err); ok {
		return newInvalidProblem(http.StatusBadRequest, fieldProblem{"body", invalid.code, invalid.message})
	}
	return err
}
