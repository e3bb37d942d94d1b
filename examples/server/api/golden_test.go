package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/examples/server/servertest"
	"github.com/pbxusers/pbxusers/internal/golden"
)

// TestGolden_openAPI compares the document with what it was.
func TestGolden_openAPI(t *testing.T) {
	t.Parallel()
	h := start(t)
	answer := h.anonymous(t).call(t, http.MethodGet, "/openapi.json", nil).requireStatus(t, http.StatusOK)
	golden.Check(t, "openapi.json", pretty(t, answer.body))
}

// TestGolden_api compares what every operation of the document answers with
// what it answered: to those who call it rightly, and to those who do not.
func TestGolden_api(t *testing.T) { //nolint:tparallel // the groups run one after the other
	t.Parallel()
	records := recorded(t)
	shared := records.server(t)
	d := readDocument(t, shared)
	root := &apiClient{server: shared, client: shared.Client(t), token: shared.Token(t, "root", password)}
	desk := &apiClient{server: shared, client: shared.Client(t), token: shared.Token(t, "desk.admin", servertest.RecordsPassword)}
	var mu sync.Mutex
	answers := map[string]string{}
	t.Run("operations", func(t *testing.T) {
		d.eachOperation(func(method, path string, op *operation) {
			t.Run(op.OperationID, func(t *testing.T) {
				trial, known := operationCases()[op.OperationID]
				require.True(t, known, "this operation needs a trial")
				r := &recorder{op: op, method: method, path: path, at: shared.path(path)}
				r.refusals(t, root, desk)
				t.Parallel()
				for i, trial := range trial.all() {
					h := records.server(t)
					r.success(t, trial, h, h.logIn(t, "root"), i == 0)
				}
				mu.Lock()
				defer mu.Unlock()
				answers[op.OperationID] = r.said.String()
			})
		})
	})
	byTag, files := map[string]string{}, []string{}
	d.eachOperation(func(method, path string, op *operation) {
		byTag[op.Tags[0]] += fmt.Sprintf("== %s: %s %s\n\n%s", op.OperationID, method, path, answers[op.OperationID])
	})
	for tag, said := range byTag {
		name := strings.ReplaceAll(strings.ToLower(tag), " ", "-") + ".txt"
		files = append(files, name)
		golden.Check(t, "api/"+name, said)
	}
	golden.CheckFiles(t, "api", files)
}

// records is a database with records in it.
type records struct{ folder string }

// recorded makes the records once, for each server to begin with.
func recorded(t *testing.T) records {
	t.Helper()
	h := start(t)
	h.AddRecords(t)
	h.Stop(t)
	return records{h.DataDir}
}

// server is one with a copy of the records.
func (r records) server(t *testing.T) *harness {
	t.Helper()
	own := t.TempDir()
	for _, name := range []string{"pbxusers.db", "pbxusers.key"} {
		content, err := os.ReadFile(filepath.Join(r.folder, name))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(own, name), content, 0o600))
	}
	return &harness{Server: servertest.Start(t, &servertest.Options{Users: withDirectory, DataDir: own, Logger: slog.New(slog.DiscardHandler)})}
}

// recorder writes down what an operation answers.
type recorder struct {
	op               *operation
	method, path, at string
	said             strings.Builder
}

// refusals calls the operation as it cannot be, but for what may be read, on
// the server that all share: nothing is changed there.
func (r *recorder) refusals(t *testing.T, root, desk *apiClient) {
	t.Helper()
	r.record(t, root.server.anonymous(t), "a stranger", r.at, nil)
	r.record(t, root, "an unknown parameter", r.at+"?no_such_parameter=1", nil)
	if strings.Contains(r.path, "{") {
		unknown := strings.NewReplacer("{username}", "nobody", "{name}", "nobody", "{id}", "0000000000000000", "{kind}", "welcome").Replace(r.path)
		r.record(t, root, "no such record", unknown, r.example())
	}
	if r.method == http.MethodGet {
		r.record(t, desk, "a limited administrator", r.at, nil)
		if strings.HasPrefix(r.path, "/users/{username}") {
			for _, username := range []string{"ada.first", "eve.faraway"} { // within reach, and out of it
				r.record(t, desk, "a limited administrator", strings.Replace(r.at, "jane.admin", username, 1), nil)
			}
		}
		return
	}
	r.record(t, desk, "a limited administrator, an unknown parameter", r.at+"?no_such_parameter=1", nil)
}

// success calls the operation as the document says. The first trial begins with a
// field that the document does not name.
func (r *recorder) success(t *testing.T, trial operationCase, h *harness, root *apiClient, first bool) {
	t.Helper()
	input := r.example()
	// The records have a token, and the order of two is that of their random ids.
	if trial.prepare != nil && r.op.OperationID != "listAllTokens" {
		if made := trial.prepare(t, h, root); made != nil {
			input = made
		}
	}
	at := h.path(r.path)
	if first && r.op.RequestBody != nil {
		r.record(t, root, "an unknown field", at, `{"no_such_field":1}`)
	}
	if r.method == http.MethodGet {
		r.record(t, root, "success", at, input)
	}
	if trial.query != "" {
		at += "?" + trial.query
	}
	if r.method != http.MethodGet || trial.query != "" {
		r.record(t, root, "as in the trial", at, input).requireStatus(t, trial.status)
	}
}

// example is the body of the document.
func (r *recorder) example() any {
	if r.op.RequestBody == nil || r.op.takesPicture() {
		return nil
	}
	return r.op.RequestBody.Content["application/json"].Example
}

func (r *recorder) record(t *testing.T, v *apiClient, what, at string, body any) *apiResponse {
	t.Helper()
	var headers []string
	if r.op.takesPicture() {
		headers = []string{"Content-Type", "image/png"}
	}
	mask := golden.Masks(v.server.URL, "http://server", v.server.DataDir, "DATA", v.server.Site.Settings.ConfDir, "CONF")
	a := v.call(t, r.method, at, body, headers...)
	contentType := a.Header.Get("Content-Type")
	fmt.Fprintf(&r.said, "-- %s: %s %s\n%d %s\n", what, r.method, mask(at), a.StatusCode, contentType)
	for _, name := range []string{"Location", "ETag", "Retry-After", "WWW-Authenticate", "Cache-Control", "Content-Disposition", "Set-Cookie"} {
		if value := a.Header.Get(name); value != "" {
			if name == "ETag" {
				value = "<etag>"
			}
			fmt.Fprintf(&r.said, "%s: %s\n", name, mask(value))
		}
	}
	switch {
	case a.body == "":
	case strings.Contains(contentType, "json"):
		for line := range strings.Lines(golden.Sorted(mask(a.body))) { // an export has many, in the order of their random ids
			r.said.WriteString(pretty(t, line))
		}
	case strings.HasPrefix(contentType, "text/"):
		r.said.WriteString(mask(a.body) + "\n")
	default:
		r.said.WriteString("<bytes>\n")
	}
	r.said.WriteString("\n")
	return a
}

// pretty is a JSON document on many lines, with its fields sorted.
func pretty(t *testing.T, text string) string {
	t.Helper()
	var value any
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	require.NoError(t, decoder.Decode(&value), text)
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	require.NoError(t, encoder.Encode(value))
	return b.String()
}
