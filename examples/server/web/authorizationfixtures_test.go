package web_test

import (
	"bytes"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"image"
	"image/png"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/examples/server/servertest"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/scope"
	"github.com/pbxusers/pbxusers/store/sqlstore"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/apitoken"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// outsider is part of the name of every record out of scope. No response to the
// administrator with a limited scope may contain it.
const outsider = "zebra"

// Extensions and DIDs in scope. Extensions out of scope begin with 2.
const scopedExtensions, scopedDIDs = "10000-19999", "4930100"

// matrix is a server with one caller of every kind.
type matrix struct {
	*testing.T

	server *servertest.Server
	db     *sql.DB
	tables []string
	// records counts those that were created. Each change gets its own; calls that
	// change nothing share those of a section and word.
	records int
	shared  map[string]target
	// ranges has every section and a limited scope; limited and full have everything.
	// anonymous has no session, bearer the API token of a user, and revoked the
	// session of an administrator who was disabled.
	ranges, limited, full, anonymous, bearer, revoked *caller
	// lacking has every section but the one of the key.
	lacking map[string]*caller
}

// caller is who sends requests: with a token to the API, and with a cookie to pages.
type caller struct {
	name, token string
	client      *http.Client
	// headers are sent to pages and, with the cookie in place of the token, to the API.
	headers map[string]string
}

func newMatrix(t *testing.T) *matrix {
	t.Helper()
	m := &matrix{T: t, lacking: map[string]*caller{}, shared: map[string]target{}}
	m.server = servertest.Start(t, &servertest.Options{Users: func(o *userman.Options) {
		o.SIPAccounts, o.Directories = sipAccountStub{"PJSIP"}, []userman.Directory{&fakeDirectory{}}
	}})
	var err error
	m.db, err = sql.Open("sqlite", sqlstore.SQLiteDSN(filepath.Join(m.server.DataDir, "pbxusers.db")))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, m.db.Close()) })
	m.findTables()
	_, err = m.server.Site.Host().Install(t.Context())
	require.NoError(t, err)

	m.full, m.limited, m.ranges = m.administrator(ampusers.Administrator{Access: ampusers.Full}), m.administrator(unlimited("")), m.administrator(m.scoped())
	m.anonymous = &caller{name: "anonymous", client: m.server.Client(t)}
	holder := m.record(app.SectionUsers, "holder")
	m.bearer = &caller{name: "API token of a user", token: holder.tokenID + ":" + holder.tokenKey, client: m.server.Client(t)}
	m.revoked = m.administrator(ampusers.Administrator{Access: ampusers.Full})
	_, err = m.server.Site.Administrators.Disable(t.Context(), m.revoked.name)
	require.NoError(t, err)
	for _, section := range allSections() {
		m.lacking[section] = m.administrator(unlimited(section))
	}
	return m
}

func allSections() []string {
	sections := []string{ampusers.SectionApply}
	for _, s := range app.Sections() {
		sections = append(sections, s.ID)
	}
	return sections
}

// unlimited returns an administrator with all sections but one.
func unlimited(but string) ampusers.Administrator {
	return ampusers.Administrator{Sections: slices.DeleteFunc(allSections(), func(s string) bool { return s == but })}
}

func (m *matrix) scoped() ampusers.Administrator {
	a := unlimited("")
	var err error
	a.Extensions, err = scope.ParseRanges(scopedExtensions)
	require.NoError(m, err)
	a.DIDs, err = scope.ParseRanges(scopedDIDs)
	require.NoError(m, err)
	return a
}

// administrator creates an administrator and logs in.
func (m *matrix) administrator(a ampusers.Administrator) *caller {
	m.Helper()
	m.records++
	a.Username = fmt.Sprint("caller.", m.records)
	m.server.AddAdministrator(m, a, password)
	return &caller{
		name: a.Username, token: m.server.Token(m, a.Username, password), client: m.server.LogIn(m, a.Username, password),
		headers: map[string]string{"Sec-Fetch-Site": "same-origin"},
	}
}

// fromForeignPage are requests that a page of another web site has a browser send.
func (m *matrix) fromForeignPage() []*caller {
	return []*caller{
		{name: "cross-site", client: m.full.client, headers: map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}},
		{name: "foreign origin", client: m.full.client, headers: map[string]string{"Origin": "https://evil.example"}},
	}
}

// target is a record of each kind that an operation may need.
type target struct {
	username, extension, tokenID, tokenKey, deletedID string
	administrator, group, account, fresh              string
}

// missingTarget names records that do not exist.
func missingTarget() target {
	return target{
		username: "nobody.here", extension: "19998", tokenID: "0000000000000000", deletedID: "0000000000000000", tokenKey: strings.Repeat("A", 43),
		administrator: "nobody.here", group: "No group", account: "no_account", fresh: "new.nobody",
	}
}

// sharedRecord returns the records of a section for calls that change nothing.
func (m *matrix) sharedRecord(section, word string) target {
	m.Helper()
	made, known := m.shared[section+word]
	if !known {
		made = m.record(section, word)
		m.shared[section+word] = made
	}
	return made
}

// recordFor returns the records that an operation may change.
func (m *matrix) recordFor(op *matrixOperation, word string) target {
	m.Helper()
	if op.method == http.MethodGet {
		return m.sharedRecord(op.section, word)
	}
	return m.record(op.section, word)
}

// record creates the records of a section. word is "inside" for those in scope.
func (m *matrix) record(section, word string) target {
	m.Helper()
	m.records++
	base := 20000
	if word == "inside" {
		base = 10000
	}
	name := fmt.Sprint(word, ".", m.records)
	made := target{
		username: name, administrator: name, extension: strconv.Itoa(base + m.records),
		group: fmt.Sprint("Group ", m.records), account: fmt.Sprint("account_", m.records), fresh: fmt.Sprint("new.", m.records),
	}
	switch section {
	case app.SectionUsers, app.SectionVerify:
		m.createUser(&made, section)
	case app.SectionGroups:
		m.createUser(&made, section)
		_, err := m.server.Site.Users.Groups().Create(m.Context(), &userman.Group{Name: made.group, Permissions: permission.Permissions{permission.RESTUse: permission.On()}})
		require.NoError(m, err)
		other := fmt.Sprint(outsider, ".member.", m.records)
		_, err = m.server.Site.Users.Create(m.Context(), userman.NewUser{User: &userman.User{Username: other, Groups: []string{made.group}}})
		require.NoError(m, err)
	case app.SectionAdministrators:
		a := unlimited("")
		if word == "inside" {
			a = m.scoped()
		}
		a.Username = name
		m.server.AddAdministrator(m, a, password)
	case app.SectionAMIAccounts:
		_, err := m.server.Site.AMIAccounts.Create(m.Context(), &manager.Account{Name: made.account})
		require.NoError(m, err)
	}
	return made
}

func (m *matrix) createUser(made *target, section string) {
	m.Helper()
	users := m.server.Site.Users
	u := &userman.User{
		Username: made.username, DefaultExtension: made.extension, Email: made.username + "@example.com",
		Permissions: permission.Permissions{permission.XMPPLogin: permission.On(), permission.RESTUse: permission.On()},
	}
	if section == app.SectionVerify {
		u.Permissions[permission.PhoneAppsModules] = permission.Set("contacts")
	}
	created, err := users.Create(m.Context(), userman.NewUser{User: u, Password: store.NewSecret(password)})
	require.NoError(m, err)
	token, key, err := m.server.Site.Tokens.Create(m.Context(), created.Username, &apitoken.Token{Modules: []string{"contacts"}})
	require.NoError(m, err)
	made.tokenID, made.tokenKey = string(token.ID), key.Reveal()
	if section != app.SectionUsers {
		return
	}
	_, err = users.SetPicture(m.Context(), made.username, strings.NewReader(smallPicture(m)), nil)
	require.NoError(m, err)
	m.records++
	gone := fmt.Sprint("gone.", made.username)
	deleted, err := users.Create(m.Context(), userman.NewUser{User: &userman.User{Username: gone, DefaultExtension: made.extension[:1] + "9" + made.extension[2:]}})
	require.NoError(m, err)
	require.NoError(m, users.Delete(m.Context(), gone))
	made.deletedID = string(deleted.ID)
}

func smallPicture(t testing.TB) string {
	t.Helper()
	var file bytes.Buffer
	require.NoError(t, png.Encode(&file, image.NewRGBA(image.Rect(0, 0, 8, 8))))
	return file.String()
}

// answer is what a caller got.
type answer struct {
	status   int
	location string
	body     string
}

// call sends a request to the API or a form to a page. headers are the headers of an
// attacker's page, if any.
func (m *matrix) call(c *caller, op *matrixOperation, to target) answer {
	m.Helper()
	path, input := op.fill(to), op.input(m, to)
	request, err := http.NewRequestWithContext(m.Context(), op.method, m.server.URL+path, strings.NewReader(input))
	require.NoError(m, err)
	switch {
	case op.picture:
		request.Header.Set("Content-Type", "image/png")
	case op.page && op.method == http.MethodPost:
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	case input != "":
		request.Header.Set("Content-Type", "application/json")
	}
	if !op.page && c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	client := c.client
	if !op.page && c.token != "" {
		client = m.anonymous.client
	}
	for name, value := range c.headers {
		request.Header.Set(name, value)
	}
	response, body := servertest.Do(m, client, request)
	return answer{response.StatusCode, response.Header.Get("Location"), body}
}

// String returns the answer, without most of its body.
func (a answer) String() string {
	return fmt.Sprint(a.status, " ", a.location, " ", a.body[:min(len(a.body), 300)])
}

// requiresLogin reports whether the response asks the caller to log in.
func (a answer) requiresLogin(page bool) bool {
	if page {
		return a.status == http.StatusSeeOther && (a.location == "/login" || strings.HasPrefix(a.location, "/login?next=") || strings.HasPrefix(a.location, "/login?notice=ended"))
	}
	return a.status == http.StatusUnauthorized && strings.Contains(a.body, `"login_required"`)
}

// like returns the answer without the names of the record.
func (a answer) like(to target) answer {
	for _, name := range []string{to.username, to.tokenID, to.deletedID, url.PathEscape(to.group), to.group} {
		if name != "" {
			a.body, a.location = strings.ReplaceAll(a.body, name, "NAME"), strings.ReplaceAll(a.location, name, "NAME")
		}
	}
	a.body = withoutTokens(a.body)
	return a
}

// state returns a hash of all rows of the database and of the configuration. The audit
// log and the sessions are not part of it.
func (m *matrix) state() string {
	m.Helper()
	sum := sha256.New()
	for _, table := range m.tables {
		m.hashTable(sum, table)
	}
	require.NoError(m, filepath.WalkDir(m.server.Site.Settings.ConfDir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		_, _ = sum.Write(append([]byte(path), content...))
		return err
	}))
	return hex.EncodeToString(sum.Sum(nil))
}

func (m *matrix) hashTable(sum hash.Hash, table string) {
	m.Helper()
	rows, err := m.db.QueryContext(m.Context(), "SELECT * FROM "+table) //nolint:unqueryvet // every column
	require.NoError(m, err)
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	require.NoError(m, err)
	values, pointers := make([]sql.RawBytes, len(columns)), make([]any, len(columns))
	for i := range values {
		pointers[i] = &values[i]
	}
	for rows.Next() {
		require.NoError(m, rows.Scan(pointers...))
		for _, value := range values {
			_, _ = sum.Write(append(value, 0))
		}
	}
	require.NoError(m, rows.Err())
}

// findTables lists the tables of the records.
func (m *matrix) findTables() {
	m.Helper()
	rows, err := m.db.QueryContext(m.Context(), `SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'pbxusers_%'
		AND name NOT LIKE 'pbxusers_audit%' AND name <> 'pbxusers_ttl_values' ORDER BY name`)
	require.NoError(m, err)
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var name string
		require.NoError(m, rows.Scan(&name))
		m.tables = append(m.tables, name)
	}
	require.NoError(m, rows.Err())
	require.Greater(m, len(m.tables), 8)
}

// waitForRun waits for the end of the apply that a page may have started.
func (m *matrix) waitForRun(op *matrixOperation) {
	m.Helper()
	if op.section != ampusers.SectionApply || op.method == http.MethodGet {
		return
	}
	run := &matrixOperation{method: http.MethodGet, path: "/config/run"}
	require.Eventually(m, func() bool {
		a := m.call(m.full, run, target{})
		return a.status == http.StatusNotFound || strings.Contains(a.body, `"done":true`)
	}, time.Minute, time.Millisecond)
}

// newest returns the sequence of the newest entry of the audit log with an outcome; of a
// caller if it has a name.
func (m *matrix) newest(outcome audit.Outcome, name string) int64 {
	m.Helper()
	page, err := m.server.Site.AuditLog.List(m.Context(), audit.Query{Actor: name, Outcome: outcome, PageRequest: store.PageRequest{Limit: 1}})
	require.NoError(m, err)
	if len(page.Items) == 0 {
		return 0
	}
	return page.Items[0].Sequence
}

// matrixOperation is an operation of the API or a page.
type matrixOperation struct {
	authorizationRow

	// id is the ID of an operation, and method and path those of a page.
	id, method, path string
	page, picture    bool
	// success is the status that the document promises, and example its body.
	success int
	example any
	// body is sent in place of the valid one, if it is not nil.
	body any
}

// fill returns the path of a record.
func (op *matrixOperation) fill(to target) string {
	username, id := to.username, to.tokenID
	switch {
	case op.section == app.SectionAdministrators:
		username = to.administrator
	case strings.Contains(op.path, "/restore"), strings.Contains(op.path, "/purge"):
		id = to.deletedID
	}
	name := to.account
	if op.section == app.SectionGroups {
		name = url.PathEscape(to.group)
	}
	if op.section == app.SectionUsers {
		name = "head-office"
	}
	path := strings.NewReplacer("{username}", username, "{id}", id, "{name}", name, "{directory}", "head-office", "{kind}", "welcome",
		"{token}", strings.Repeat("A", 43), "{$}", "").Replace(op.path)
	if op.page {
		return path
	}
	switch op.id {
	case "explainAdministrator":
		path += "?subject=section&key=audit"
	case "deleteGroup":
		path += "?force=true"
	}
	return "/api/v1" + path
}

// input returns the body of a valid request about a record.
func (op *matrixOperation) input(m *matrix, to target) string {
	switch {
	case op.picture:
		return smallPicture(m)
	case op.id == "POST /permissions":
		return url.Values{"group": {to.group}}.Encode()
	case op.id == "POST /groups/{name}/members":
		return url.Values{"usernames": {to.username}}.Encode()
	case op.page || op.method == http.MethodGet:
		form, _ := op.body.(url.Values)
		return form.Encode()
	}
	body := op.body
	if body == nil {
		body = op.example
	}
	if own, ok := matrixInputs(to)[op.id]; ok && op.body == nil {
		body = own
	}
	if body == nil {
		return ""
	}
	text, err := json.Marshal(body)
	require.NoError(m, err)
	return string(text)
}

// matrixInputs are the bodies that are not the example of the document: it names other
// records.
func matrixInputs(to target) map[string]any {
	type object = map[string]any
	fresh := to.extension[:1] + "5" + to.extension[2:]
	return map[string]any{
		"createSession":     object{"username": to.username, "password": "wrong"},
		"changeOwnPassword": object{"current_password": password, "password": "seventeen purple lanterns"},
		"beginSecondFactor": object{"current_password": password}, "replaceRecoveryCodes": object{"current_password": password}, "deleteOwnSecondFactor": object{"current_password": password},
		"createAdministrator": object{"username": to.fresh, "sections": []string{"audit"}, "extensions": "10000-10010", "dids": scopedDIDs},
		"updateAdministrator": object{"display_name": "Jane"}, "previewAdministrator": object{"display_name": "Jane"},
		"createAMIAccount": object{"name": strings.ReplaceAll(to.fresh, ".", "_")},
		"createUser":       object{"username": to.fresh, "default_extension": fresh},
		"updateUser":       object{"title": "Head of Sales"}, "previewUser": object{"title": "Head of Sales"},
		"restoreUser":        object{"username": to.fresh, "default_extension": fresh},
		"renumberExtensions": object{"numbers": object{to.extension: fresh}},
		"createToken":        object{"description": "CRM"},
		"createGroup":        object{"name": to.fresh},
		"addMembers":         object{"usernames": []string{to.username}}, "previewMembers": object{"usernames": []string{to.username}}, "removeMembers": object{"usernames": []string{to.username}},
		"verifyPassword": object{"service": "xmpp", "username": to.username, "password": password},
		"authorizeToken": object{"token": to.tokenID, "key": to.tokenKey, "module": "contacts"},
		"authorizePhone": object{"extension": to.extension, "module": "contacts"},
	}
}
