package api_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/examples/server/servertest"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/field"
	"github.com/pbxusers/pbxusers/store/settings"
	"github.com/pbxusers/pbxusers/userman"
)

// password is that of every administrator of the tests.
const password = "correct horse battery staple"

// harness is a server whose administrator "root" may do everything.
type harness struct {
	*servertest.Server

	// id is that of the API token, or of the deleted person, of a trial.
	id string
}

func start(t *testing.T) *harness {
	t.Helper()
	return startWith(t, withDirectory)
}

func startWith(t *testing.T, configure func(*userman.Options)) *harness {
	t.Helper()
	h := &harness{Server: servertest.Start(t, &servertest.Options{Users: configure})}
	h.addAdministrator(t, ampusers.Administrator{Username: "root", Access: ampusers.Full})
	return h
}

func (h *harness) addAdministrator(t *testing.T, a ampusers.Administrator) {
	t.Helper()
	h.AddAdministrator(t, a, password)
}

// apiClient is a program that talks to the server.
type apiClient struct {
	server *harness
	client *http.Client
	token  string
}

// logIn logs an administrator in.
func (h *harness) logIn(t *testing.T, username string) *apiClient {
	t.Helper()
	v := h.anonymous(t)
	created := v.call(t, http.MethodPost, "/sessions", map[string]any{"username": username, "password": password})
	created.requireStatus(t, http.StatusCreated)
	v.token, _ = created.decodeObject(t)["token"].(string)
	require.NotEmpty(t, v.token)
	return v
}

// anonymous is not logged in.
func (h *harness) anonymous(t *testing.T) *apiClient {
	t.Helper()
	return &apiClient{server: h, client: h.Client(t)}
}

// apiResponse is what the server said.
type apiResponse struct {
	*http.Response
	body string
}

// call sends a request. The body is sent as it stands when it is a string, and
// else as JSON; the headers are names and values in turn.
func (v *apiClient) call(t testing.TB, method, path string, body any, headers ...string) *apiResponse {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, v.server.URL+"/api/v1"+path, strings.NewReader(encoded(t, body)))
	require.NoError(t, err)
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if v.token != "" {
		request.Header.Set("Authorization", "Bearer "+v.token)
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, text := servertest.Do(t, v.client, request)
	return &apiResponse{response, text}
}

func encoded(t testing.TB, body any) string {
	t.Helper()
	switch body := body.(type) {
	case nil:
		return ""
	case string:
		return body
	}
	data, err := json.Marshal(body)
	require.NoError(t, err)
	return string(data)
}

// requireStatus requires a status, and of an error that it is a problem.
func (a *apiResponse) requireStatus(t testing.TB, status int) *apiResponse {
	t.Helper()
	require.Equal(t, status, a.StatusCode, a.body)
	if status < http.StatusBadRequest {
		return a
	}
	require.Equal(t, "application/problem+json", a.Header.Get("Content-Type"), a.body)
	p := a.problem(t)
	require.Equal(t, "about:blank", p.Type)
	require.Equal(t, status, p.Status)
	require.NotEmpty(t, p.Title)
	require.NotEmpty(t, p.Detail)
	require.NotEmpty(t, p.Code)
	return a
}

func (a *apiResponse) decodeObject(t testing.TB) map[string]any {
	t.Helper()
	var object map[string]any
	require.NoError(t, json.Unmarshal([]byte(a.body), &object), a.body)
	return object
}

// problem is an error as clients read it.
type problem struct {
	Type       string            `json:"type"`
	Title      string            `json:"title"`
	Detail     string            `json:"detail"`
	Code       string            `json:"code"`
	Status     int               `json:"status"`
	Errors     []fieldProblem    `json:"errors"`
	References []store.Reference `json:"references"`
}

type fieldProblem struct {
	Location string `json:"location"`
	Code     string `json:"code"`
	Message  string `json:"message"`
}

func (a *apiResponse) problem(t testing.TB) problem {
	t.Helper()
	var p problem
	require.NoError(t, json.Unmarshal([]byte(a.body), &p), a.body)
	return p
}

// requireFieldErrors requires a problem with exactly these fields, each "location code".
func (a *apiResponse) requireFieldErrors(t testing.TB, status int, fields ...string) {
	t.Helper()
	a.requireStatus(t, status)
	found := []string{}
	for _, e := range a.problem(t).Errors {
		require.NotEmpty(t, e.Message)
		found = append(found, e.Location+" "+e.Code)
	}
	require.ElementsMatch(t, fields, found, a.body)
}

// saveAMI saves the address of AMI.
func (h *harness) saveAMI(t *testing.T, address string) {
	t.Helper()
	require.NoError(t, h.Site.SaveSettings(t.Context(), 0, settings.Changes{Set: map[string]field.Value{"ami": field.TextValue(address)}}))
}
