package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/userman"
)

// decodeCase is a request whose fields are partly unreadable and partly against a rule.
type decodeCase struct {
	path, body string
	fields     []string
}

func TestAPI_createReportsDecodeAndRuleErrorsTogether(t *testing.T) {
	t.Parallel()
	h := start(t)
	v := h.logIn(t, "root")
	withUser(t, h, v)
	requireRejectedTogether(t, h, v, http.MethodPost, []decodeCase{
		{"/users", `{"username":"x y","email":5,"no_such_field":1,"title":"` + longText + `"}`, []string{"body.username username", "body.email type", "body unknown_field", "body.title max"}},
		{"/users", `{"username":["x"],"email":"nowhere"}`, []string{"body.username type", "body.email email"}},
		{"/users", `{"email":"nowhere"}`, []string{"body.username required", "body.email email"}},
		{"/users", `{"username":"JANE.admin","groups":"Sales"}`, []string{"body.username already_exists", "body.groups type"}},
		{"/users", `{"username":"-","password":7,"generate":"yes","permissions":{"xmpp.login":"perhaps","no.such":true}}`,
			[]string{"body.username username", "body.password type", "body.generate type", "body.permissions.xmpp.login value", "body.permissions.no.such unknown"}},
		{"/users", `{"username":"ann","permissions":["xmpp.login"],"home_phone":"?"}`, []string{"body.permissions type", "body.home_phone phone"}},
		{"/administrators", `{"username":null,"sections":["nowhere"],"disabled":1}`, []string{"body.username type", "body.sections[0] unknown", "body.disabled type"}},
		{"/ami-accounts", `{"name":"no name","preset":"none","permit":["here"],"write_timeout":"7","read":[1]}`,
			[]string{"body.name ami_name", "body.preset oneof", "body.permit[0] network", "body.write_timeout type", "body.read[0] type"}},
		{"/ami-accounts", `{"name":"no name","event_filters":[{"action":1},{"event":"Newchannel","x":1}]}`,
			[]string{"body.name ami_name", "body.event_filters[0].action type", "body.event_filters[1].action required", "body.event_filters[1] unknown_field"}},
		{"/groups", `{"priority":1.5,"description":"` + longText + `"}`, []string{"body.name required", "body.priority type", "body.description max"}},
		{"/users/jane.admin/tokens", `{"addresses":["nowhere"],"requests_per_hour":true,"expires_at":"soon"}`,
			[]string{"body.addresses[0] network", "body.requests_per_hour type", "body.expires_at date_time"}},
	})
}

func TestAPI_updateReportsDecodeAndRuleErrorsTogether(t *testing.T) {
	t.Parallel()
	h := start(t)
	v := h.logIn(t, "root")
	withToken(t, h, v)
	withJane(t, h, v)
	withCRM(t, h, v)
	requireRejectedTogether(t, h, v, http.MethodPatch, []decodeCase{
		{"/users/jane.admin", `{"username":null,"email":"nowhere","first_name":1,"password":"x"}`, []string{"body.username required", "body.email email", "body.first_name type", "body unknown_field"}},
		{"/administrators/jane.admin", `{"sections":["nowhere"],"display_name":[]}`, []string{"body.sections[0] unknown", "body.display_name type"}},
		{"/ami-accounts/crmpro_ami", `{"write_timeout":5,"permit":["10.0.0.0/8",1],"note":{}}`, []string{"body.write_timeout min", "body.permit[1] type", "body.note type"}},
		{"/groups/Sales", `{"description":"` + longText + `","default":"yes"}`, []string{"body.description max", "body.default type"}},
		{"/tokens/" + h.id, `{"extensions":["x"],"disabled":0}`, []string{"body.extensions[0] extension", "body.disabled type"}},
	})
}

func TestAPI_restoreReportsDecodeAndRuleErrorsTogether(t *testing.T) {
	t.Parallel()
	h := start(t)
	v := h.logIn(t, "root")
	withDeleted(t, h, v)
	requireRejectedTogether(t, h, v, http.MethodPost, []decodeCase{
		{"/users/" + h.id + "/restore", `{"email":"nowhere","default_extension":4001}`, []string{"body.email email", "body.default_extension type"}},
	})
	users, err := h.Site.Users.List(t.Context(), userman.Query{Status: userman.StatusDeleted})
	require.NoError(t, err)
	require.Len(t, users.Items, 1, "the user is still deleted")
}

// longText is longer than any field of one line.
var longText = strings.Repeat("long", 500)

// requireRejectedTogether requires one error for all fields of each request, recorded
// once, that changes nothing.
func requireRejectedTogether(t *testing.T, h *harness, v *apiClient, method string, cases []decodeCase) {
	t.Helper()
	for _, test := range cases {
		list := "/audit?limit=1000&outcome=succeeded"
		before, entries := v.call(t, http.MethodGet, list, nil).body, h.countEntries(t)
		v.call(t, method, test.path, test.body).requireFieldErrors(t, http.StatusUnprocessableEntity, test.fields...)
		require.Equal(t, 1, h.countEntries(t)-entries, "%s %s: the error is recorded once", method, test.path)
		require.Equal(t, before, v.call(t, http.MethodGet, list, nil).body, "nothing was changed")
	}
}
