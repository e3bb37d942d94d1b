package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/ampusers/websession"
	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/examples/server/web/static"
	"github.com/pbxusers/pbxusers/jobs"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/manager/asterisk"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// hostile is in every text of every page of this test.
const hostile = `"><script>alert('x')</script><img src=x onerror=alert(1)>{{.}}`

func hostileField(name string) formField {
	return formField{Name: name, Label: hostile, Hint: hostile, Value: hostile, Errors: []string{hostile}, Autocomplete: hostile, InputMode: hostile}
}

func hostileGroup() formField {
	return formField{Name: "g", Type: "radio", Label: hostile, Hint: hostile, Errors: []string{hostile}, Choices: []choice{{Value: hostile, Label: hostile, Hint: hostile}}}
}

func hostileAdministrator() *ampusers.Administrator {
	return &ampusers.Administrator{Username: hostile, DisplayName: hostile, Sections: []string{hostile}, Teams: []string{hostile}, InvitationExpiresAt: time.Now()}
}

// hostileForm has a control of each kind.
func hostileForm() form {
	row := filterRow{Title: hostile}
	for _, name := range []string{"action", "event", "header", "method", "match"} {
		row.Parts = append(row.Parts, hostileField("event_filters[0]."+name))
	}
	row.Parts[0].Choices = []choice{{Value: hostile, Label: hostile}}
	list := newPermissionControl(permission.Permission{ID: "a.b", Kind: permission.KindStrings, Description: hostile}, hostile, formErrors{})
	onOff := newPermissionControl(permission.Permission{ID: "c.d", Kind: permission.KindBool, Description: hostile}, hostile, formErrors{})
	list.Choice.Errors, onOff.Choice.Errors = []string{hostile}, []string{hostile}
	list.Value, list.Why = hostile, &permission.Explanation{Permission: list.Permission, Summary: hostile, Grants: []permission.Grant{
		{Layer: permission.LayerGroup, Group: hostile, Value: permission.Append(hostile), Applied: true}, {Layer: permission.LayerDefault, Value: permission.Set(hostile)},
	}}
	lines := hostileField("note")
	lines.Rows = 3
	return form{
		Problems: []problem{{Href: "#x", Text: hostile}, {Text: hostile}}, ActionErrors: []problem{{Text: hostile}}, Conflict: []difference{{hostile, hostile, hostile}},
		Version: hostile, Note: hostile, Action: "/x", List: "/y", UserID: hostile, Submit: hostile,
		Sections: []formSection{{
			Legend: hostile, Class: hostile, Inputs: []formField{hostileField("name"), lines, {Name: "secret", Type: "password", Label: hostile, Hint: hostile}},
			Choices: []formField{hostileGroup(), {Name: "disabled", Type: "box", Label: hostile, Hint: hostile, Value: hostile}},
		}},
		Privileges: &privilegesForm{
			Presets: hostileGroup(), Classes: classRows(input{Texts: map[string][]string{"read": {"call"}}}), ClassErrors: []string{hostile},
			Filters: []filterRow{row}, EventFilters: formField{Name: "event_filters", Live: true, Warnings: []string{hostile}}, Open: true,
		},
		Permissions: permissionTable{{hostile, []permissionControl{list, onOff}}},
	}
}

// hostileRecord is a page of a record with these tabs.
func hostileRecord[R any](record *R, extra any, tabs ...string) recordPage[R] {
	body := recordPage[R]{Record: record, User: hostileUser(), Admin: hostileAdministrator(), Form: hostileForm(), Extra: extra, Activity: &activity{[]*audit.Entry{hostileEntry()}, "/x"}}
	if len(tabs) == 0 {
		return body
	}
	all := make([]tab, len(tabs))
	for i, id := range tabs {
		all[i] = tab{ID: id, Label: hostile, Count: 1}
	}
	body.Form.split(all)
	for i := range body.Form.Tabs {
		body.Form.Tabs[i].Page = &body
	}
	return body
}

// confirmationBodies are the [pageBodies] of the pages that ask before an action.
func confirmationBodies() map[string][2]any {
	changes := []userman.PermissionChange{{Permission: hostile, Before: hostile, After: hostile}}
	impact := groupDeletion{Impact: []userman.MemberImpact{{Username: hostile, Changes: changes}}, More: 1, Revocations: &userman.Revocations{Items: []userman.Revocation{{Username: hostile, Credentials: []credential.Kind{credential.KindAPIToken}}}, Total: 1}}
	bodies := map[string][2]any{}
	for name, full := range map[string]confirmation{
		"administrator-delete": {Record: hostileAdministrator()}, "administrator-password": {Record: hostileAdministrator()},
		"administrator-second-factor-remove": {Record: hostileAdministrator()},
		"amiaccount-delete":                  {Record: &manager.Account{Name: hostile}}, "amiaccount-rotate": {Record: &manager.Account{Name: hostile}},
		"token-delete": {}, "token-rotate": {}, "account-second-factor-begin": {}, "account-second-factor-remove": {}, "account-recovery-codes": {}, "configuration-rollback": {},
		"user-delete":   {Record: hostileUser(), Extra: []store.Reference{{Kind: hostile, Key: hostile}}},
		"user-password": {Record: hostileUser()}, "user-restore": {Record: hostileUser()}, "user-purge": {Record: hostileUser()}, "user-renumber": {Record: hostileUser()},
		"user-second-factor-remove": {Record: hostileUser()}, "group-delete": {Record: hostileUserGroup(), Extra: impact, Wide: true},
		"group-members": {Record: hostileUserGroup(), Extra: memberChange{hostile, []string{hostile}, impact.Revocations, hostile}},
	} {
		full.Problems, full.Controls, full.Action, full.Back, full.UserID = []problem{{Text: hostile}}, hostileControls(), "/x", "/x", hostile
		bodies["confirm/"+name] = [2]any{confirmation{Record: full.Record}, full}
	}
	bodies["confirm/bulk"] = [2]any{bulkPage{}, hostileBulk()}
	return bodies
}

func hostileBulk() bulkPage {
	return bulkPage{
		Action: hostile, Label: hostile, Items: []bulkItem{{hostile, hostile, "/x", hostile, []string{hostile}}, {ID: hostile, Name: hostile}}, Question: hostile, Submit: hostile, Note: hostile,
		To: hostile, Hidden: url.Values{"to": {hostile}}, Confirmed: hostile, Total: 2, Summary: hostile, Undo: undo{"/x", url.Values{"to": {hostile}}}, Path: "/x", Back: "/y",
	}
}

func hostileControls() []formField { return []formField{hostileField("secret"), hostileGroup()} }

func hostileRun() *jobs.State {
	report := &asteriskconf.Report{Files: []asteriskconf.FileReport{{Path: hostile, Added: 1, ReloadedModule: hostile, BackupPath: hostile, Notes: []string{hostile}}}, Issues: hostileInstallation().Issues}
	return &jobs.State{Kind: jobs.KindApply, Actor: hostile, EndedAt: time.Now(), Steps: []asteriskconf.Progress{{Step: hostile, File: hostile}}, Report: report, Err: errors.New(hostile)}
}

func hostileChanges() []plannedChange {
	lines := []asteriskconf.LinePlan{{Sign: "+", Key: hostile, Value: hostile}, {Sign: "-", Key: hostile, Value: hostile}}
	return []plannedChange{
		{
			SectionPlan: asteriskconf.SectionPlan{Name: hostile, Action: "add", Dangers: []asteriskconf.Danger{{Code: hostile, Message: hostile}}, Summary: []string{hostile}, Lines: lines},
			Path:        "/x", AuditPath: "/y", Entries: []*audit.Entry{hostileEntry()}, Others: []string{hostile},
		},
		{SectionPlan: asteriskconf.SectionPlan{Name: hostile, Action: "remove"}}, {SectionPlan: asteriskconf.SectionPlan{Name: hostile, Action: "modify"}, Others: []string{hostile}},
	}
}

func hostileInstallation() *asteriskconf.Installation {
	return &asteriskconf.Installation{
		Files: []asteriskconf.InstalledFile{{Path: hostile, IncludeLine: hostile, Parent: hostile, Created: true}, {Path: hostile, IncludedBy: hostile}},
		Issues: []asteriskconf.Issue{
			{Code: hostile, File: hostile, Line: 1, Message: hostile, Blocking: true, Fix: &asteriskconf.Fix{}}, {File: hostile, Message: hostile, Blocking: true},
		},
	}
}

func hostileEntry() *audit.Entry {
	record, err := json.Marshal(map[string][]string{"note": {hostile}, hostile: {hostile}})
	if err != nil {
		panic(err)
	}
	return &audit.Entry{
		Sequence: 1, Actor: audit.Actor{Name: hostile, RemoteAddr: netip.IPv6Unspecified().WithZone(hostile)},
		Action: hostile, Kind: hostile, Key: hostile, Reason: hostile, Outcome: hostile, After: record,
	}
}

func hostilePaging() paging {
	return paging{First: "/x", Previous: "/p", Next: "/y", From: 1, To: 2, Total: 3, AtLeast: true, Sizes: []pageSize{{25, "/x", false}, {50, "/y", true}}}
}

func hostileTools() listTools {
	return listTools{
		listRequest: listRequest{Path: "/x", Label: hostile, Search: hostile, Sort: hostile, Limit: 25, Kept: map[string]string{"status": hostile}}, Paging: hostilePaging(),
		Filters: []formField{hostileField("status")}, Chips: []chip{{hostile, "/x", "status"}}, Empty: emptyState{"users", hostile, hostile, hostile, "/x"},
		Narrowed: true, Count: hostile, Export: "/x", Problems: []problem{{Text: hostile}},
	}
}

// hostileList is the list of these records.
func hostileList[R any](extra any, items ...*R) listPage[R] {
	return listPage[R]{
		listTools: hostileTools(),
		Heads:     []tableHeader{{Select: true}, {Label: hostile, Href: "/x?y=z", Sorted: "ascending"}, {Label: hostile}}, Items: items,
		Bulk: []bulkButton{{hostile, hostile, true, &formField{Name: hostile, Label: hostile, Choices: []choice{{Value: hostile, Label: hostile}}}, hostile}}, Extra: extra,
	}
}

// pageBodies are the bodies of each page: an empty one and a full one.
func pageBodies() map[string][2]any {
	now := time.Now()
	none, user := &ampusers.Administrator{}, &manager.Account{Name: hostile, Owner: hostile, Note: hostile, Permit: make([]manager.Network, 5), Disabled: true}
	return map[string][2]any{
		"login":       {loginPage{}, loginPage{Notice: hostile, Problems: []problem{{Text: hostile}}, Next: hostile, Username: hostileField("username"), Password: hostileField("password")}},
		"code":        {loginPage{}, loginPage{Problems: []problem{{Text: hostile}}, Next: hostile, Code: hostileField("code")}},
		"setpassword": {setPasswordPage{Link: &credential.Link{}}, setPasswordPage{&credential.Link{Username: hostile, ExpiresAt: now}, []problem{{Text: hostile}}, hostileField("password")}},
		"errorpage":   {errorPage{}, errorPage{404, hostile, hostile, hostile, pageLink{}, "/x", []typedValue{{hostile, hostile}}, hostile, hostile}},
		"overview": {overviewPage{}, overviewPage{
			[]firstStep{{hostile, hostile, pageLink{"/x", hostile}, false}, {Label: hostile, Done: true}}, "pending", &asteriskconf.Status{LiveAt: &now}, hostileRun(),
			[]overviewCard{{hostile, hostile, hostile, pageLink{"/x", hostile}, true}}, []*audit.Entry{hostileEntry()}, true,
		}},
		"search":           {searchPage{}, searchPage{hostile, []searchGroup{{"x", hostile, []searchResult{{"/x", hostile, hostile}}, &searchMore{pageLink{"/x", hostile}, 2}}}, 1}},
		"banner":           {banner{Admin: none}, banner{"pending", hostileAdministrator(), 2, hostile}},
		"administrators":   {listPage[ampusers.Administrator]{}, hostileList(map[string]string{hostile: hostile}, hostileAdministrator())},
		"new":              {newPage{}, newPage{hostile, hostileForm()}},
		"administrator":    {recordPage[ampusers.Administrator]{Record: none}, hostileRecord(hostileAdministrator(), []right{{hostile, ampusers.Explanation{Reason: hostile}}}, "access", "sign-in", "rights", activityTab)},
		"once":             {oncePage{Kind: "link", Again: hostile, UserID: hostile}, oncePage{"key", hostile, hostile, now, hostile, hostile, "/x", hostile, pageLink{"/x", hostile}}},
		"amiaccounts":      {listPage[manager.Account]{}, hostileList([]accountState{{user, true}}, user)},
		"amiaccount":       {recordPage[manager.Account]{Record: &manager.Account{}, Extra: accountExtra{State: accountState{Account: &manager.Account{}}}}, hostileRecord(user, accountExtra{accountState{user, true}, &probeResult{false, false, hostile}}, "settings", activityTab)},
		"amiaccountsecret": {amiAccountSecretPage{}, amiAccountSecretPage{hostile, "/x", hostile, hostile, hostile}},
		"bulkresult":       {bulkPage{}, hostileBulk()},
		"config":           {configPage{}, configPage{Changes: hostileChanges(), Count: 4, More: 1, Files: []asteriskconf.FilePlan{{Path: hostile, Module: hostile, ManuallyEdited: true}, {Path: hostile, Module: hostile}}, Issues: hostileInstallation().Issues, Status: &asteriskconf.Status{Interrupted: true, LiveAt: &now, CanRollBack: true}, Last: hostileRun()}},
		"applystatus":      {&jobs.State{}, hostileRun()},
		"audit":            {auditPage{}, auditPage{listTools: hostileTools(), Items: []*audit.Entry{hostileEntry()}, Verification: &audit.Verification{Hash: hostile, Findings: []audit.Finding{{Kind: hostile, Key: hostile, Message: hostile}}}}},
		"install":          {installPage{}, installPage{InstallResult: asterisk.InstallResult{Installation: hostileInstallation()}, Err: errors.New(hostile), User: hostile, Blocked: true}},
		"account":          {accountPage{Administrator: none}, accountPage{hostileAdministrator(), []problem{{Text: hostile}}, hostileField("display_name"), hostileField("current_password"), hostileField("password"), []accountSession{{websession.Session{ID: hostile, UserAgent: hostile, Current: true}, hostile}, {websession.Session{ID: hostile}, hostile}}, 3, hostile, hostileField("code"), hostile}},
	}
}

func TestParseTemplates_escapeHostileText(t *testing.T) {
	t.Parallel()
	drawn, all := parseTemplates(static.ReadAssets()), pageBodies()
	maps.Copy(all, groupBodies())
	maps.Copy(all, userBodies())
	maps.Copy(all, confirmationBodies())
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(drawn)), func(name string) bool { return name == fragments })
	require.Equal(t, names, slices.Sorted(maps.Keys(all)))
	for _, name := range names {
		for _, body := range all[name] {
			var out bytes.Buffer
			data := layout{Title: hostile, Admin: hostileAdministrator(), Flash: hostile, Undo: &undo{"/x", url.Values{"user": {hostile}}}, Warning: hostile, Banner: true, Body: body, Nav: []areaGroup{{ID: "x", Label: hostile, Areas: []area{{Href: "/x", Label: hostile, Icon: "users", Current: true}}}}}
			require.NoError(t, drawn[name].ExecuteTemplate(&out, "layout", data), name)
			text := out.String()
			require.NotContains(t, text, "<script>", name)
			require.NotContains(t, text, "<img src=x", name)
			require.NotContains(t, text, "#ZgotmplZ", name)
			require.Equal(t, 1, strings.Count(text, "<h1"), name)
			require.Equal(t, 1, strings.Count(text, "<main"), name)
			require.Equal(t, 1, strings.Count(text, "<title>"), name)
			requireUniqueIDs(t, name, text)
		}
	}
}

func requireUniqueIDs(t *testing.T, name, text string) {
	t.Helper()
	seen := map[string]bool{}
	for _, part := range strings.Split(text, ` id="`)[1:] {
		id, _, _ := strings.Cut(part, `"`)
		if id == "field-" || id == "field--hint" || id == "field--error" || id == "field--warnings" || id == "field-g" || strings.HasPrefix(id, "field-g-") || id == "c" {
			continue // those of fields and texts that are empty here, or alike
		}
		require.False(t, seen[id], "%s has the id %q twice", name, id)
		seen[id] = true
	}
}

func TestConfigPages_plannedChanges_ranksDangersFirst(t *testing.T) {
	t.Parallel()
	with := func(code string, others ...string) int {
		return plannedChange{SectionPlan: asteriskconf.SectionPlan{Dangers: []asteriskconf.Danger{{Code: code}}}, Others: others}.rank()
	}
	require.Equal(t, []int{0, 1, 1, 2, 3}, []int{
		with("root_like", "anna"), with("open", "anna"), plannedChange{Others: []string{"anna"}}.rank(), with("open"), plannedChange{}.rank(),
	})
}

func TestAuthorText_namesThree(t *testing.T) {
	t.Parallel()
	for want, authors := range map[string][]string{
		"": nil, "mike": {"mike"}, "you": {"me"}, "you and anna": {"anna", "me"}, "anna, ben and carl": {"anna", "ben", "carl"},
		"you, anna, ben and 2 more": {"anna", "ben", "carl", "dora", "me"},
	} {
		require.Equal(t, want, authorText(authors, "me"))
	}
}

func TestPages_checklist_disappearsWhenDone(t *testing.T) {
	t.Parallel()
	p := &pages{}
	desk := &request{admin: &ampusers.Administrator{Username: "desk", HasPassword: true, Sections: []string{"ami-accounts"}}}
	require.Len(t, p.checklist(desk, nil, 0), 2, "its own steps")
	desk.admin.HasSecondFactor = true
	require.Empty(t, p.checklist(desk, nil, 0))
}
