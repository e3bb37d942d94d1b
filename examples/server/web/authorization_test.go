package web_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/examples/server/web"
	"github.com/pbxusers/pbxusers/store/audit"
)

// operations returns every operation of the document and every page, each with its row
// of the table.
func (m *matrix) operations() []*matrixOperation {
	m.Helper()
	served := map[string]*matrixOperation{}
	for _, pattern := range web.Patterns() {
		method, path, _ := strings.Cut(pattern, " ")
		served[pattern] = &matrixOperation{id: pattern, method: method, path: path, page: true}
	}
	maps.Copy(served, m.documented())
	var all []*matrixOperation
	for _, row := range authorizationTable() {
		operations, pages := row.routes()
		for _, id := range slices.Concat(operations, pages) {
			op := served[id]
			require.NotNil(m, op, "%s is in the table, and not served", id)
			delete(served, id)
			op.authorizationRow = row
			all = append(all, op)
		}
	}
	require.Empty(m, slices.Sorted(maps.Keys(served)), "say in the table who may do this")
	return all
}

// documented returns the operations of the API by their IDs.
func (m *matrix) documented() map[string]*matrixOperation {
	m.Helper()
	var document struct {
		Paths map[string]map[string]struct {
			OperationID string         `json:"operationId"`
			Responses   map[string]any `json:"responses"`
			RequestBody struct {
				Content map[string]struct {
					Example any `json:"example"`
				} `json:"content"`
			} `json:"requestBody"`
		} `json:"paths"`
	}
	_, text := m.server.Get(m, m.anonymous.client, "/api/v1/openapi.json")
	require.NoError(m, json.Unmarshal([]byte(text), &document))
	found := map[string]*matrixOperation{}
	for path, methods := range document.Paths {
		for method, o := range methods {
			op := &matrixOperation{id: o.OperationID, method: strings.ToUpper(method), path: path, example: o.RequestBody.Content["application/json"].Example}
			op.success, _ = strconv.Atoi(slices.Min(slices.Collect(maps.Keys(o.Responses))))
			_, op.picture = o.RequestBody.Content["image/png"]
			found[op.id] = op
		}
	}
	return found
}

// otherSuccess are statuses that show that an operation was allowed, where it cannot
// succeed in this test.
func otherSuccess() map[string]int {
	return map[string]int{
		// No second factor is begun or set up, and the code is wrong.
		"confirmSecondFactor": http.StatusNotFound, "replaceRecoveryCodes": http.StatusConflict, "deleteOwnSecondFactor": http.StatusConflict,
		"POST /account/second-factor/confirm": http.StatusNotFound, "GET /account/second-factor/qr.png": http.StatusNotFound,
		// There is no Asterisk, and no earlier generation that it ran.
		"probeAMIAccount": http.StatusConflict, "rollbackConfiguration": http.StatusConflict,
		// No job ran before, and the form does not say what to do.
		"getWelcomeMails": http.StatusNotFound, "getSync": http.StatusNotFound, "POST /directories/{directory}": http.StatusBadRequest,
	}
}

// isAllowed reports whether the answer is that of a caller who may do it. A page may
// reject an empty form.
func (op *matrixOperation) isAllowed(a answer) bool {
	if a.status == otherSuccess()[op.id] {
		return true
	}
	if !op.page {
		return a.status == op.success
	}
	switch a.status {
	case http.StatusOK, http.StatusSeeOther, http.StatusConflict, http.StatusUnprocessableEntity:
		return !a.requiresLogin(true)
	}
	return false
}

func TestAuthorization_matrix(t *testing.T) {
	t.Parallel()
	m := newMatrix(t)
	operations := m.operations()
	for _, op := range operations {
		m.sharedRecord(op.section, outsider)
	}
	var wrong []string
	before := m.state()
	for _, op := range operations {
		for _, found := range m.tryDenied(op) {
			wrong = append(wrong, op.id+": "+found)
		}
	}
	require.Equal(t, before, m.state(), "a denied request changed something")
	for _, op := range operations {
		for _, found := range m.tryAllowed(op) {
			wrong = append(wrong, op.id+": "+found)
		}
	}
	require.Empty(t, strings.Join(wrong, "\n"))
}

// tryAllowed calls an operation by those who may do it. It returns what is wrong.
func (m *matrix) tryAllowed(op *matrixOperation) (wrong []string) {
	m.Helper()
	if op.rule == public {
		a := m.call(m.anonymous, op, missingTarget())
		toLogin := a.requiresLogin(op.page) && op.id != "GET /login/code" // there is no login to complete
		if toLogin || a.status == http.StatusForbidden || a.status >= http.StatusInternalServerError {
			wrong = append(wrong, "anonymous: "+a.String())
		}
		return wrong
	}
	ranges, others := m.ranges, []*caller{m.limited, m.full}
	if op.section == "" && op.method != http.MethodGet { // it changes the account of the caller
		ranges, others = m.administrator(m.scoped()), []*caller{m.administrator(ampusers.Administrator{Access: ampusers.Full})}
	}
	if op.rule == fullOnly {
		others = []*caller{m.full}
	}
	wrong = m.tryInside(op, ranges)
	for _, c := range others {
		if a := m.call(c, op, m.recordFor(op, outsider)); !op.isAllowed(a) {
			wrong = append(wrong, c.name+" is denied: "+a.String())
		}
		m.waitForRun(op)
	}
	return wrong
}

// tryDenied calls an operation by those who may not do it. It returns what is wrong.
func (m *matrix) tryDenied(op *matrixOperation) (wrong []string) {
	m.Helper()
	outside, changes := m.sharedRecord(op.section, outsider), m.newest(audit.Succeeded, "")
	if op.rule != public {
		wrong = append(m.tryOthers(op, outside), m.tryOutside(op, m.ranges, outside)...)
	}
	if m.newest(audit.Succeeded, "") != changes {
		wrong = append(wrong, "a denied request changed something")
	}
	return wrong
}

// tryOthers calls an operation by those who may never do it.
func (m *matrix) tryOthers(op *matrixOperation, outside target) (wrong []string) {
	m.Helper()
	for _, c := range []*caller{m.anonymous, m.bearer, m.revoked} {
		if a := m.call(c, op, outside); !a.requiresLogin(op.page) {
			wrong = append(wrong, c.name+" needs no login: "+a.String())
		}
	}
	if op.method != http.MethodGet {
		for _, c := range m.fromForeignPage() {
			if a := m.call(c, op, outside); a.status != http.StatusForbidden {
				wrong = append(wrong, c.name+": "+a.String())
			}
		}
	}
	lacking := m.lacking[op.section]
	if lacking == nil {
		return wrong
	}
	known := m.newest(audit.Denied, lacking.name)
	if a := m.call(lacking, op, outside); a.status != http.StatusForbidden {
		wrong = append(wrong, "the section is not needed: "+a.String())
	}
	if m.newest(audit.Denied, lacking.name) == known {
		wrong = append(wrong, "the missing section is not in the audit log")
	}
	return wrong
}

// tryOutside calls an operation by the administrator with a limited scope, for a record
// out of scope.
func (m *matrix) tryOutside(op *matrixOperation, ranges *caller, outside target) (wrong []string) {
	m.Helper()
	if op.rule == sectionOnly {
		return nil
	}
	known := m.newest(audit.Denied, ranges.name)
	a := m.call(ranges, op, outside)
	// A service that asks for a login gets the answer, and records no login of its own.
	if op.method != http.MethodGet && op.section != app.SectionVerify && m.newest(audit.Denied, ranges.name) == known {
		wrong = append(wrong, "the denial of a record out of scope is not in the audit log")
	}
	missing := missingTarget()
	missing.group = outside.group
	unknown := m.call(ranges, op, missing)
	switch {
	case op.rule == fullOnly && m.call(m.limited, op, outside).status != http.StatusForbidden:
		wrong = append(wrong, "a limited administrator may do it")
	case (op.rule == unrestricted || op.rule == fullOnly) && a.status != http.StatusForbidden:
		wrong = append(wrong, "a limited scope suffices: "+a.String())
	case op.rule == onRecord && a.status != http.StatusNotFound, a.status < http.StatusBadRequest:
		wrong = append(wrong, "a record out of scope: "+a.String())
	case a.like(outside) != unknown.like(missing):
		wrong = append(wrong, "a record out of scope differs from a missing one: "+a.String()+" and "+unknown.String())
	}
	return wrong
}

// tryInside calls an operation by the administrator with a limited scope, for a record
// in scope.
func (m *matrix) tryInside(op *matrixOperation, ranges *caller) (wrong []string) {
	m.Helper()
	if op.rule == unrestricted || op.rule == fullOnly {
		return nil
	}
	a := m.call(ranges, op, m.recordFor(op, "inside"))
	m.waitForRun(op)
	if !op.isAllowed(a) {
		wrong = append(wrong, "denied in scope: "+a.String())
	}
	if strings.Contains(a.body, outsider) {
		wrong = append(wrong, "the answer names a record out of scope")
	}
	m.server.Get(m, ranges.client, "/") // shows the message about this page
	return wrong
}
