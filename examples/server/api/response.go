package api

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"

	"github.com/pbxusers/pbxusers/store"
)

// response is what a handler returns. A nil response is one without a body.
type response struct {
	// status is that of the operation when it is 0.
	status         int
	etag, location string
	// body is written as JSON. content replaces it, and is of type media.
	body any
	// withoutSecret is body without what is shown only once; nil if that is all of it.
	withoutSecret any
	media         string
	content       []byte
	// stream replaces both.
	stream func(http.ResponseWriter)
}

// reply returns a response with a JSON body.
func reply(body any, err error) (*response, error) {
	if err != nil {
		return nil, err
	}
	return &response{body: body}, nil
}

// noContent returns a response without a body.
func noContent(err error) (*response, error) { return nil, err }

// ifNoneMatch turns the response into 304 when the client has the record already. Weak
// tags count as strong ones.
func (o *response) ifNoneMatch(r *request) *response {
	if containsETag(strings.ReplaceAll(r.text(ifNoneMatchHeader), "W/", ""), o.etag) {
		o.status, o.body, o.content = http.StatusNotModified, nil, nil
	}
	return o
}

// write writes the response; status is used unless it has one.
func (o *response) write(w http.ResponseWriter, status int) {
	if o == nil {
		w.WriteHeader(status)
		return
	}
	if o.stream != nil {
		o.stream(w)
		return
	}
	if o.status != 0 {
		status = o.status
	}
	for name, value := range map[string]string{"ETag": o.etag, "Location": o.location} {
		if value != "" {
			w.Header().Set(name, value)
		}
	}
	switch {
	case o.content != nil:
		w.Header().Set("Content-Type", o.media)
		w.WriteHeader(status)
		_, _ = w.Write(o.content) //nolint:gosec // the type is never HTML, and browsers are told not to guess
	case o.body != nil:
		w.Header().Set("Content-Type", jsonType)
		w.WriteHeader(status)
		_ = marshal(w, o.body)
	default:
		w.WriteHeader(status)
	}
}

func marshal(w io.Writer, value any) error { return json.NewEncoder(w).Encode(value) }

// list is a page of records.
type list[T any] struct {
	Items []T    `doc:"The records."                                                            json:"items"`
	Next  string `doc:"The after parameter of the next page; empty when this is the last page." json:"next"`
}

// singlePage is a list that fits on one page.
func singlePage[T any](items []T) list[T] { return list[T]{Items: items} }

// replyPage returns a page of records, each as show has it.
func replyPage[R, T any](page *store.Page[R], err error, show func(R) T) (*response, error) {
	if err != nil {
		return nil, err
	}
	body := list[T]{Items: make([]T, len(page.Items)), Next: page.Next}
	for i, item := range page.Items {
		body.Items[i] = show(item)
	}
	return &response{body: body}, nil
}
