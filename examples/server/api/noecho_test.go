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

// syncBuffer is a log that is read while it is written.
type syncBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *syncBuffer) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *syncBuffer) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// markedRequest is one with the marker somewhere.
type markedRequest struct {
	path    string
	body    any
	headers []string
}

func TestAPI_errorsDoNotEchoInput(t *testing.T) {
	t.Parallel()
	log := &syncBuffer{}
	h := &harness{Server: servertest.Start(t, &servertest.Options{Logger: slog.New(slog.NewTextHandler(log, nil)), Users: withDirectory})}
	h.addAdministrator(t, ampusers.Administrator{Username: "root", Access: ampusers.Full})
	v := h.logIn(t, "root")
	withToken(t, h, v)
	d := readDocument(t, h)
	rejections := 0
	d.eachOperation(func(method, path string, op *operation) {
		for _, r := range d.requestsWithMarker(t, h, path, op) {
			answer := v.call(t, method, r.path, r.body, r.headers...)
			if answer.StatusCode < http.StatusBadRequest {
				continue
			}
			rejections++
			require.Less(t, answer.StatusCode, http.StatusInternalServerError, "%s %s %v", method, r.path, r.body)
			answer.requireStatus(t, answer.StatusCode)
			require.NotContains(t, strings.ToLower(answer.body), strings.ToLower(marker), "%s %s %v", method, r.path, r.body)
			for _, values := range answer.Header {
				require.NotContains(t, strings.Join(values, " "), marker)
			}
		}
	})
	require.Greater(t, rejections, 900)
	require.NotContains(t, log.String(), "Secret"+marker)
}

// requestsWithMarker are requests that hold the marker, each in another place.
func (d *document) requestsWithMarker(t *testing.T, h *harness, path string, op *operation) []markedRequest {
	t.Helper()
	requests := []markedRequest{{path: h.path(path) + "?" + marker + "=" + marker}}
	for _, p := range op.Parameters {
		switch p.In {
		case "path":
			requests = append(requests, markedRequest{path: strings.ReplaceAll(path, "{"+p.Name+"}", marker)})
		case "query":
			requests = append(requests, markedRequest{path: h.path(path) + "?" + p.Name + "=" + marker})
		case "header":
			requests = append(requests,
				markedRequest{path: h.path(path), headers: []string{p.Name, marker}},
				markedRequest{path: h.path(path), headers: []string{p.Name, strings.Repeat(marker, 50)}})
		}
	}
	for i := range requests {
		if op.RequestBody != nil && !op.takesPicture() {
			requests[i].body = op.RequestBody.Content["application/json"].Example
		}
	}
	for _, text := range []string{marker, `{"` + marker, `{"a":` + marker + `}`, `[` + marker, `{"a":"\q` + marker + `"}`, "\"\xff" + marker + `"`, `"` + marker + `"`, `{"a":1} ` + marker} {
		requests = append(requests, markedRequest{path: h.path(path), body: text})
	}
	requests = append(requests, markedRequest{path: h.path(path), body: `{}`, headers: []string{"Content-Type", "text/" + marker}})
	if op.RequestBody == nil || op.takesPicture() {
		return requests
	}
	return append(requests, d.bodiesWithMarker(t, h.path(path), op)...)
}

// bodiesWithMarker are bodies with the marker in one field.
func (d *document) bodiesWithMarker(t *testing.T, path string, op *operation) []markedRequest {
	t.Helper()
	media := op.RequestBody.Content["application/json"]
	example, _ := media.Example.(map[string]any)
	var requests []markedRequest
	with := func(field string, value any) {
		body := maps.Clone(example)
		body[field] = value
		requests = append(requests, markedRequest{path: path, body: body})
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

func TestAPI_errorsDoNotEchoNumbers(t *testing.T) {
	t.Parallel()
	v := start(t).logIn(t, "root")
	for _, number := range []string{"31337313373133731337", "-31337", "31337.5", "31337e5", "31337e999"} {
		rejected := v.call(t, http.MethodPost, "/ami-accounts", fmt.Sprintf(`{"name":"crm","write_timeout":%s}`, number))
		require.Less(t, rejected.StatusCode, http.StatusInternalServerError)
		rejected.requireStatus(t, rejected.StatusCode)
		require.NotContains(t, rejected.body, "31337")
		require.GreaterOrEqual(t, rejected.StatusCode, http.StatusBadRequest)
		asked := v.call(t, http.MethodGet, "/ami-accounts?limit="+url.QueryEscape(number), nil).requireStatus(t, http.StatusUnprocessableEntity)
		require.NotContains(t, asked.body, "31337")
	}
}
