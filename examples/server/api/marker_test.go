package api_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/examples/server/servertest"
)

// marker is what must never come back.
const marker = "Marker7f3a"

// journal is a log that is read while it is written.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// request is one with the marker somewhere.
type request struct {
	path    string
	body    any
	headers []string
}

func TestNoErrorHoldsWhatWasSubmitted(t *testing.T) {
	t.Parallel()
	log := &journal{}
	h := &harness{Server: servertest.Start(t, &servertest.Options{Logger: slog.New(slog.NewTextHandler(log, nil)), People: withBranch})}
	h.add(t, ampusers.Administrator{Username: "root", Access: ampusers.Full})
	v := h.as(t, "root")
	withToken(t, h, v)
	d := readDocument(t, h)
	refused := 0
	d.each(func(method, path string, op *operation) {
		for _, r := range d.marked(t, h, path, op) {
			answer := v.call(t, method, r.path, r.body, r.headers...)
			if answer.StatusCode < http.StatusBadRequest {
				continue
			}
			refused++
			require.Less(t, answer.StatusCode, http.StatusInternalServerError, "%s %s %v", method, r.path, r.body)
			answer.is(t, answer.StatusCode)
			require.NotContains(t, strings.ToLower(answer.body), strings.ToLower(marker), "%s %s %v", method, r.path, r.body)
			for _, values := range answer.Header {
				require.NotContains(t, strings.Join(values, " "), marker)
			}
		}
	})
	require.Greater(t, refused, 900)
	require.NotContains(t, log.String(), "Secret"+marker)
}

// marked are requests that hold the marker, each in another place.
func (d *document) marked(t *testing.T, h *harness, path string, op *operation) []request {
	t.Helper()
	requests := []request{{path: h.path(path) + "?" + marker + "=" + marker}}
	for _, p := range op.Parameters {
		switch p.In {
		case "path":
			requests = append(requests, request{path: strings.ReplaceAll(path, "{"+p.Name+"}", marker)})
		case "query":
			requests = append(requests, request{path: h.path(path) + "?" + p.Name + "=" + marker})
		case "header":
			requests = append(requests,
				request{path: h.path(path), headers: []string{p.Name, marker}},
				request{path: h.path(path), headers: []string{p.Name, strings.Repeat(marker, 50)}})
		}
	}
	for i := range requests {
		if op.RequestBody != nil && !op.takesPicture() {
			requests[i].body = op.RequestBody.Content["application/json"].Example
		}
	}
	for _, text := range []string{marker, `{"` + marker, `{"a":` + marker + `}`, `[` + marker, `{"a":"\q` + marker + `"}`, "\"\xff" + marker + `"`, `"` + marker + `"`, `{"a":1} ` + marker} {
		requests = append(requests, request{path: h.path(path), body: text})
	}
	requests = append(requests, request{path: h.path(path), body: `{}`, headers: []string{"Content-Type", "text/" + marker}})
	if op.RequestBody == nil || op.takesPicture() {
		return requests
	}
	return append(requests, d.markedBodies(t, h.path(path), op)...)
}

// markedBodies are bodies with the marker in one field.
func (d *document) markedBodies(t *testing.T, path string, op *operation) []request {
	t.Helper()
	media := op.RequestBody.Content["application/json"]
	example, _ := media.Example.(map[string]any)
	var requests []request
	with := func(field string, value any) {
		body := maps.Clone(example)
		body[field] = value
		requests = append(requests, request{path: path, body: body})
	}
	with(marker, marker)
	for field := range d.resolve(t, media.Schema).Properties {
		value := marker
		if slices.Contains([]string{"password", "current_password", "secret", "key", "code", "device"}, field) {
			value = "Secret" + marker
		}
		for _, value := range []any{
			value, []any{value}, map[string]any{value: value}, []any{map[string]any{value: value}}, []any{map[string]any{"action": value}},
			[]any{map[string]any{"action": "include", "method": value, "match": value}}, strings.Repeat(value+"\x00", 2000), value + "\u202e\n", "", 7.5, true, nil,
		} {
			with(field, value)
		}
	}
	return requests
}

func TestNoErrorHoldsANumberThatWasSubmitted(t *testing.T) {
	t.Parallel()
	v := start(t).as(t, "root")
	for _, number := range []string{"31337313373133731337", "-31337", "31337.5", "31337e5", "31337e999"} {
		refused := v.call(t, http.MethodPost, "/managers", fmt.Sprintf(`{"name":"crm","write_timeout":%s}`, number))
		require.Less(t, refused.StatusCode, http.StatusInternalServerError)
		refused.is(t, refused.StatusCode)
		require.NotContains(t, refused.body, "31337")
		require.GreaterOrEqual(t, refused.StatusCode, http.StatusBadRequest)
		asked := v.call(t, http.MethodGet, "/managers?limit="+url.QueryEscape(number), nil).is(t, http.StatusUnprocessableEntity)
		require.NotContains(t, asked.body, "31337")
	}
}
