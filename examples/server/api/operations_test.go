package api_test

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
)

// operationCase calls an operation with valid input.
type operationCase struct {
	// prepare makes what the operation needs, and may return its body; else
	// that is the example of the document.
	prepare func(t *testing.T, h *harness, v *apiClient) any
	query   string
	status  int
	// also are further cases of the same operation.
	also []operationCase
}

// all returns the case and the further ones.
func (c operationCase) all() []operationCase { return append([]operationCase{c}, c.also...) }

func operationCases() map[string]operationCase {
	ok := func(prepare func(t *testing.T, h *harness, v *apiClient) any) operationCase {
		return operationCase{prepare: prepare, status: http.StatusOK}
	}
	return map[string]operationCase{
		"createSession": {prepare: body(map[string]any{"username": "root", "password": password}), status: http.StatusCreated},
		"getSession":    ok(nil),
		"deleteSession": {status: http.StatusNoContent},

		"changeOwnPassword":     {prepare: body(map[string]any{"current_password": password, "password": "seventeen purple lanterns"}), status: http.StatusNoContent},
		"beginSecondFactor":     {prepare: body(map[string]any{"current_password": password}), status: http.StatusCreated},
		"confirmSecondFactor":   ok(totpCodeBody),
		"replaceRecoveryCodes":  ok(withTOTP),
		"deleteOwnSecondFactor": {prepare: withTOTP, status: http.StatusNoContent},

		"listAdministrators":       {prepare: withJane, query: "search=JANE&sort=-username&access=limited&limit=5", status: http.StatusOK},
		"createAdministrator":      {status: http.StatusCreated},
		"getAdministrator":         ok(withJane),
		"updateAdministrator":      ok(withJane),
		"previewAdministrator":     ok(withJane),
		"deleteAdministrator":      {prepare: withJane, status: http.StatusNoContent},
		"enableAdministrator":      ok(withJane),
		"disableAdministrator":     ok(withJane),
		"explainAdministrator":     {prepare: withJane, query: "subject=section&key=ami-accounts", status: http.StatusOK},
		"setAdministratorPassword": ok(withJane),
		"inviteAdministrator":      {prepare: withJane, status: http.StatusCreated},
		"deleteSecondFactor":       ok(withJane),

		"listAMIAccounts":        {prepare: withCRM, query: "search=crm&sort=-created_at&limit=1", status: http.StatusOK},
		"createAMIAccount":       {status: http.StatusCreated},
		"getAMIAccount":          ok(withCRM),
		"updateAMIAccount":       ok(withCRM),
		"deleteAMIAccount":       {prepare: withCRM, status: http.StatusNoContent},
		"enableAMIAccount":       ok(withCRM),
		"disableAMIAccount":      ok(withCRM),
		"rotateAMIAccountSecret": ok(withCRM),
		"probeAMIAccount":        ok(withUnreachableAMI),
		"listPrivilegeClasses":   ok(nil),
		"listAMIAccountPresets":  ok(nil),

		"listUsers": {prepare: withUser, query: "search=JANE&sort=-last_name&status=enabled&group=sales&extension=4001&email=jane@example.com&not_welcomed=true&limit=5", status: http.StatusOK, also: []operationCase{
			{prepare: withDeleted, query: "status=deleted", status: http.StatusOK},
		}},
		"createUser":             {status: http.StatusCreated},
		"getUser":                ok(withUser),
		"updateUser":             ok(withUser),
		"previewUser":            ok(withUser),
		"deleteUser":             {prepare: withUser, status: http.StatusNoContent},
		"exportUsers":            ok(withUser),
		"enableUser":             ok(withUser),
		"disableUser":            ok(withUser),
		"endUserSessions":        {prepare: withUser, status: http.StatusNoContent},
		"createPasswordLink":     {prepare: withUser, status: http.StatusCreated},
		"createSoftphoneLink":    {prepare: withUser, status: http.StatusCreated},
		"sendMail":               {prepare: withUser, status: http.StatusOK, also: []operationCase{ok(withResetMailBody)}},
		"listMails":              ok(withUser),
		"previewMail":            ok(withUser),
		"setUserPassword":        ok(withUser),
		"deleteUserSecondFactor": ok(withUser),
		"explainUser":            ok(withUser),
		"listUserReferences":     ok(withUser),
		"listPermissions":        ok(nil),
		"getPicture":             ok(withPicture),
		"setPicture":             ok(withUserAndPictureFile),
		"deletePicture":          ok(withPicture),
		"renumberExtensions":     ok(withNumbersBody),
		"restoreUser":            ok(withDeleted),
		"purgeUser":              {prepare: withDeleted, status: http.StatusNoContent},

		"listAllTokens": {prepare: withToken, query: "limit=1", status: http.StatusOK},
		"listTokens":    ok(withToken),
		"createToken":   {prepare: withUser, status: http.StatusCreated},
		"getToken":      ok(withToken),
		"updateToken":   ok(withToken),
		"deleteToken":   {prepare: withToken, status: http.StatusNoContent},
		"rotateToken":   ok(withToken),

		"listGroups":         ok(withUser),
		"createGroup":        {status: http.StatusCreated},
		"getGroup":           ok(withUser),
		"updateGroup":        ok(withUser),
		"previewGroup":       ok(withUser),
		"previewMembers":     ok(withMembersBody),
		"deleteGroup":        {prepare: withUser, query: "force=true", status: http.StatusNoContent},
		"listMembers":        ok(withUser),
		"addMembers":         {prepare: withMembersBody, status: http.StatusNoContent},
		"removeMembers":      {prepare: withMembersBody, status: http.StatusNoContent},
		"explainGroupImpact": {prepare: withUser, query: "limit=10", status: http.StatusOK},

		"getWelcomeMails":  ok(afterWelcomeMails),
		"sendWelcomeMails": ok(withUser),
		"listDirectories":  ok(nil),
		"getSync":          ok(afterSync),
		"syncDirectory":    ok(nil),

		"verifyPassword": ok(withVerification),
		"authorizeToken": ok(withAuthorization),
		"authorizePhone": ok(withPhoneAuthorization),

		"getConfigurationStatus": ok(installed),
		"getConfigurationPlan":   ok(installed),
		"applyConfiguration":     ok(installed),
		// Without an Asterisk no generation was seen live; see live_test.go.
		"rollbackConfiguration": {prepare: appliedTwice, status: http.StatusConflict},
		"recoverConfiguration":  ok(installed),
		"getConfigurationRun":   ok(appliedTwice),

		"listAuditEntries": {query: "actor=root&action=login&outcome=succeeded&since=2020-01-01T00:00:00Z&until=2200-01-01T00:00:00Z", status: http.StatusOK},
		"verifyAudit":      ok(withJane),

		"listSections": ok(nil),
		"getAsterisk":  ok(nil),
		"listSettings": ok(nil),
		"testAsterisk": ok(nil),
	}
}

func body(value any) func(*testing.T, *harness, *apiClient) any {
	return func(*testing.T, *harness, *apiClient) any { return value }
}

func withJane(t *testing.T, h *harness, _ *apiClient) any {
	t.Helper()
	h.addAdministrator(t, ampusers.Administrator{Username: "jane.admin", Sections: []string{"ami-accounts"}})
	return nil
}

func withResetMailBody(t *testing.T, h *harness, v *apiClient) any {
	t.Helper()
	withUser(t, h, v)
	return map[string]any{"kind": "reset"}
}

func withCRM(t *testing.T, h *harness, _ *apiClient) any {
	t.Helper()
	_, err := h.Site.AMIAccounts.Create(t.Context(), &manager.Account{Name: "crmpro_ami", Secret: store.NewSecret("not a secret at all")})
	require.NoError(t, err)
	return nil
}

func withUnreachableAMI(t *testing.T, h *harness, v *apiClient) any {
	t.Helper()
	h.saveAMI(t, "127.0.0.1:1")
	return withCRM(t, h, v)
}

func totpCodeBody(t *testing.T, _ *harness, v *apiClient) any {
	t.Helper()
	enrollment := v.call(t, http.MethodPost, "/account/second-factor", map[string]any{"current_password": password}).requireStatus(t, http.StatusCreated).decodeObject(t)
	secret, _ := enrollment["secret"].(string)
	code, err := totp.GenerateCode(secret, time.Now())
	require.NoError(t, err)
	return map[string]any{"code": code}
}

func withTOTP(t *testing.T, h *harness, v *apiClient) any {
	t.Helper()
	v.call(t, http.MethodPost, "/account/second-factor/confirm", totpCodeBody(t, h, v)).requireStatus(t, http.StatusOK)
	return map[string]any{"current_password": password}
}

func installed(t *testing.T, h *harness, v *apiClient) any {
	t.Helper()
	_, err := h.Site.Host().Install(t.Context())
	require.NoError(t, err)
	return withCRM(t, h, v)
}

func appliedTwice(t *testing.T, h *harness, v *apiClient) any {
	t.Helper()
	installed(t, h, v)
	v.call(t, http.MethodPost, "/config/apply", nil).requireStatus(t, http.StatusOK)
	return nil
}

// path is one with the records of the trials in it.
func (h *harness) path(path string) string {
	name := "crmpro_ami"
	switch {
	case strings.HasPrefix(path, "/groups/"):
		name = "Sales"
	case strings.HasPrefix(path, "/directories/"):
		name = directoryName
	}
	id := h.id
	if id == "" {
		id = "0000000000000000"
	}
	return strings.NewReplacer("{username}", "jane.admin", "{name}", name, "{id}", id, "{kind}", "welcome").Replace(path)
}

func TestAPI_operationsMatchDocument(t *testing.T) {
	t.Parallel()
	d, cases := readDocument(t, start(t)), operationCases()
	d.eachOperation(func(method, path string, op *operation) {
		t.Run(op.OperationID, func(t *testing.T) {
			t.Parallel()
			trial, known := cases[op.OperationID]
			require.True(t, known, "this operation needs a trial")
			for _, trial := range trial.all() {
				d.requireMatches(t, method, path, op, trial)
			}
		})
	})
	require.Len(t, cases, len(operationIDs(d)), "a trial without an operation")
}

// requireMatches requires that the operation does what the document says.
func (d *document) requireMatches(t *testing.T, method, path string, op *operation, trial operationCase) {
	t.Helper()
	h := start(t)
	v := h.logIn(t, "root")
	var input any
	if op.RequestBody != nil && !op.takesPicture() {
		input = op.RequestBody.Content["application/json"].Example
	}
	if trial.prepare != nil {
		if created := trial.prepare(t, h, v); created != nil {
			input = created
		}
	}
	d.requireRejectsInvalidInput(t, v, method, h.path(path), op)
	target := h.path(path)
	if trial.query != "" {
		target += "?" + trial.query
	}
	if input != nil && !op.takesPicture() {
		require.Empty(t, d.validate(t, op.RequestBody.Content["application/json"].Schema, input, "body"))
	}
	var headers []string
	if op.takesPicture() {
		headers = []string{"Content-Type", "image/png"}
	}
	answer := v.call(t, method, target, input, headers...).requireStatus(t, trial.status)
	d.requireDocumented(t, op, trial.status, answer)
}

func operationIDs(d *document) []string {
	var ids []string
	d.eachOperation(func(_, _ string, op *operation) { ids = append(ids, op.OperationID) })
	return ids
}

// requireDocumented requires that the answer is one that the document lists.
func (d *document) requireDocumented(t *testing.T, op *operation, status int, a *apiResponse) {
	t.Helper()
	listed := op.Responses[strconv.Itoa(status)]
	require.NotNil(t, listed, "the document does not list %d", status)
	if len(listed.Content) == 0 {
		require.Empty(t, a.body)
		return
	}
	content := listed.Content[a.Header.Get("Content-Type")]
	require.NotNil(t, content, a.Header.Get("Content-Type"))
	if a.Header.Get("Content-Type") == "image/jpeg" {
		require.NotEmpty(t, a.body)
		return
	}
	require.Empty(t, d.validate(t, content.Schema, a.decodeObject(t), "answer"), a.body)
}

// badBody is a body that no operation takes.
type badBody struct {
	body, contentType string
	status            int
	field             string
}

func badBodies() map[string]badBody {
	return map[string]badBody{
		"no JSON":               {body: "}garbage", status: 400, field: "body json"},
		"cut off":               {body: `{"a":`, status: 400, field: "body json"},
		"two values":            {body: `{} {}`, status: 400, field: "body json"},
		"a list":                {body: `[]`, status: 422, field: "body type"},
		"null":                  {body: `null`, status: 422, field: "body type"},
		"an unknown field":      {body: `{"no_such_field":1}`, status: 422, field: "body unknown_field"},
		"a field twice":         {body: `{"a":1,"A":2}`, status: 400, field: "body duplicate"},
		"a field twice, below":  {body: `{"a":[{"b":1,"b":2}]}`, status: 400, field: "body duplicate"},
		"no UTF-8":              {body: "{\"a\":\"\xff\"}", status: 400, field: "body encoding"},
		"half a surrogate pair": {body: `{"a":"\ud83d"}`, status: 400, field: "body encoding"},
		"a huge number":         {body: `{"a":1e999}`, status: 400, field: "body number"},
		"too deep":              {body: `{"a":` + strings.Repeat("[", 3000) + strings.Repeat("]", 3000) + `}`, status: 400, field: "body too_deep"},
		"too many values":       {body: `{"a":[0` + strings.Repeat(",0", 20_000) + `]}`, status: 400, field: "body too_many"},
		"too large":             {body: `{"a":"` + strings.Repeat("a", 2<<20) + `"}`, status: 413},
		"no content type":       {body: `{}`, contentType: " ", status: 415},
		"a form":                {body: `a=1`, contentType: "application/x-www-form-urlencoded", status: 415},
		"another type":          {body: `{}`, contentType: "text/json", status: 415},
	}
}

// requireRejectsInvalidInput calls the operation with input that it must refuse.
func (d *document) requireRejectsInvalidInput(t *testing.T, v *apiClient, method, path string, op *operation) {
	t.Helper()
	unknown := v.call(t, method, path+"?no_such_parameter=1", nil)
	if op.RequestBody == nil || !op.RequestBody.Required {
		unknown.requireFieldErrors(t, http.StatusUnprocessableEntity, "query unknown_parameter")
	}
	v.call(t, method, path+"?a=%zz", nil).requireFieldErrors(t, http.StatusBadRequest, "query encoding")
	v.call(t, method, path+"?a=%ff", nil).requireFieldErrors(t, http.StatusBadRequest, "query encoding")
	v.call(t, method, path+"?a=1&a=2", nil).requireFieldErrors(t, http.StatusBadRequest, "query duplicate")
	if op.RequestBody == nil {
		if method != http.MethodGet {
			v.call(t, method, path, `[1]`).requireFieldErrors(t, http.StatusUnprocessableEntity, "body unexpected")
		}
		return
	}
	if op.takesPicture() {
		requireRejectsNonPicture(t, v, method, path)
		return
	}
	if op.RequestBody.Required {
		v.call(t, method, path, nil).requireFieldErrors(t, http.StatusUnprocessableEntity, "body required")
	}
	schema := d.resolve(t, op.RequestBody.Content["application/json"].Schema)
	for name, bad := range badBodies() {
		contentType := bad.contentType
		if contentType == "" {
			contentType = "application/json"
		}
		if op.OperationID == "createSession" && len(bad.body) > 8<<10 { // a login is smaller
			bad.status, bad.field = http.StatusRequestEntityTooLarge, ""
		}
		rejected := v.call(t, method, path, bad.body, "Content-Type", contentType).requireStatus(t, bad.status)
		if bad.field == "" {
			continue
		}
		want := []string{bad.field}
		if bad.field == "body unknown_field" {
			for _, field := range schema.Required {
				want = append(want, "body."+field+" required")
			}
		}
		t.Log(name)
		rejected.requireFieldErrors(t, bad.status, want...)
	}
	for field, property := range schema.Properties {
		var wrongType any = map[string]any{"a": 1}
		propertyType := d.resolve(t, property).Type
		if types, _ := propertyType.([]any); propertyType == "object" || slices.Contains(types, any("object")) {
			wrongType = []any{1}
		}
		rejected := v.call(t, method, path, map[string]any{field: wrongType}).requireStatus(t, http.StatusUnprocessableEntity)
		require.Contains(t, rejected.body, `"location":"body.`+field+`","code":"type"`)
	}
}

func TestAPI_rejectsInvalidParameters(t *testing.T) {
	t.Parallel()
	h := start(t)
	v := h.logIn(t, "root")
	withJane(t, h, v)
	for path, field := range map[string]string{
		"/administrators?limit=ten":                                 "query.limit type",
		"/administrators?limit=0":                                   "query.limit min",
		"/administrators?limit=1001":                                "query.limit max",
		"/administrators?limit=99999999999999999999":                "query.limit type",
		"/administrators?sort=password":                             "query.sort oneof",
		"/administrators?access=none":                               "query.access oneof",
		"/users?status=purged":                                      "query.status oneof",
		"/users?not_welcomed=perhaps":                               "query.not_welcomed type",
		"/users?sort=password":                                      "query.sort oneof",
		"/groups/Sales/impact?limit=0":                              "query.limit min",
		"/ami-accounts?limit=-1":                                    "query.limit min",
		"/ami-accounts?sort=secret":                                 "query.sort oneof",
		"/audit?since=yesterday":                                    "query.since date_time",
		"/audit?outcome=perhaps":                                    "query.outcome oneof",
		"/audit?after=x":                                            "query.after cursor",
		"/administrators/jane.admin/explanation?subject=everything": "query.subject oneof",
		"/administrators/jane.admin/explanation":                    "query.subject required",
	} {
		if strings.Contains(field, "cursor") {
			require.Contains(t, v.call(t, http.MethodGet, path, nil).requireStatus(t, http.StatusUnprocessableEntity).body, `"query.after"`)
			continue
		}
		v.call(t, http.MethodGet, path, nil).requireFieldErrors(t, http.StatusUnprocessableEntity, field)
	}
}

func TestAPI_unknownPathsAreNotFound(t *testing.T) {
	t.Parallel()
	h := start(t)
	v := h.logIn(t, "root")
	for _, path := range []string{
		"/nothing", "/", "/ami-accounts/", "/ami-accounts/%2e%2e", "/ami-accounts/..", "/ami-accounts/../session", "/ami-accounts//session", "/ami-accounts/a%2fb",
		"/ami-accounts/%00", "/ami-accounts/%ff", "/ami-accounts/" + strings.Repeat("a", 10_000), "/ami-accounts/" + url.PathEscape("<script>"),
		"/ami-accounts/a/b/c", "/openapi.yaml", "/docs", "/schemas/AMIAccount.json", "/openapi-3.0.json",
	} {
		answer := v.call(t, http.MethodGet, path, nil)
		if answer.StatusCode >= 300 && answer.StatusCode < 400 {
			require.NotContains(t, answer.Header.Get("Location"), "//", path)
			continue
		}
		answer.requireStatus(t, http.StatusNotFound)
	}
	rejected := v.call(t, http.MethodPut, "/ami-accounts", "{}").requireStatus(t, http.StatusMethodNotAllowed)
	require.Equal(t, "GET, HEAD, POST", rejected.Header.Get("Allow"))
}
