package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"mime"
	"net"
	"net/http"
	"slices"

	"github.com/pbxusers/pbxusers/userman"
)

// Media types.
const (
	jsonType   = "application/json"
	mergeType  = "application/merge-patch+json"
	ndjsonType = "application/x-ndjson"
	jpegType   = "image/jpeg"
)

// pictureTypes lists the media types of a picture that is sent.
func pictureTypes() []string { return []string{jpegType, "image/png", "image/gif"} }

// readBody reads the body, and returns an error when it is not what the operation
// takes.
func (r *request) readBody(op *operation, w http.ResponseWriter, from *http.Request) error {
	limit := int64(maxBody)
	if op.picture {
		limit = userman.MaxPictureBytes
	}
	var err error
	if r.raw, err = readAll(w, from, limit); err != nil {
		return err
	}
	contentType := from.Header.Get("Content-Type")
	switch {
	case op.picture:
		return checkPicture(contentType, r.raw)
	case op.body == nil:
		// Clients that always send JSON send an empty object.
		if trimmed := bytes.TrimSpace(r.raw); len(trimmed) > 0 && !bytes.Equal(trimmed, []byte("{}")) {
			return newInvalidProblem(http.StatusUnprocessableEntity, fieldProblem{"body", "unexpected", "this operation takes no body"})
		}
		return nil
	case len(r.raw) > 0:
		return r.readJSON(op.method, contentType)
	case !op.optionalBody:
		return newInvalidProblem(http.StatusUnprocessableEntity, fieldProblem{"body", "required", "a body is required, as " + jsonType})
	}
	return nil
}

func (r *request) readJSON(method, contentType string) (err error) {
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil || media != jsonType && (method != http.MethodPatch || media != mergeType) {
		return newProblem(http.StatusUnsupportedMediaType, "content_type", "send the body as "+jsonType)
	}
	r.body, err = parseJSON(r.raw)
	if invalid, ok := errors.AsType[*jsonError](err); ok {
		return newInvalidProblem(http.StatusBadRequest, fieldProblem{"body", invalid.code, invalid.message})
	}
	return err
}

// bodyHash returns the hash of the body in hexadecimal.
func (r *request) bodyHash() string {
	sum := sha256.Sum256(r.raw)
	return hex.EncodeToString(sum[:])
}

// readAll reads the body, of at most that many bytes. The server bounds the time.
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

func checkPicture(contentType string, picture []byte) error {
	if len(picture) == 0 {
		return newInvalidProblem(http.StatusUnprocessableEntity, fieldProblem{"body", "required", "a body is required, as a file"})
	}
	if media, _, err := mime.ParseMediaType(contentType); err != nil || !slices.Contains(pictureTypes(), media) {
		return newProblem(http.StatusUnsupportedMediaType, "content_type", "send a picture as image/jpeg, image/png or image/gif")
	}
	return nil
}
