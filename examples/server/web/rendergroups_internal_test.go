package web

import (
	"time"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/jobs"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/field"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/permission"
)

func hostilePermission(kind permission.Kind) permission.Permission {
	return permission.Permission{ID: hostile, Kind: kind, Default: permission.Set(hostile), Description: hostile}
}

func hostileUserGroup() *userman.Group {
	return &userman.Group{Name: hostile, Description: hostile, Directory: hostile, Default: true, Members: 2, Permissions: permission.Permissions{hostile: permission.Append(hostile)}}
}

func hostileMatrix() matrixPage {
	field, g := hostileField("username"), hostileUserGroup()
	row := rowOf(hostilePermission(permission.KindStrings), []*userman.Group{g, g})
	row.Cells[0].Control = matrixControl(hostilePermission(permission.KindStrings), 0, matrixEdit{name: hostile, in: input{Texts: map[string][]string{permissionField(hostile): {hostile}}}},
		formErrors{fields: []store.FieldError{{Field: matrixPrefix(0) + permissionField(hostile), Message: hostile}}})
	return matrixPage{
		Problems: []problem{{Text: hostile}}, Form: hostileForm(), Versions: []string{hostile}, Who: field, Groups: []*userman.Group{g}, Span: 3,
		Modules: []module[matrixRow]{{hostile, []matrixRow{row}}}, Paging: hostilePaging(),
	}
}

func hostileJob(running bool) jobPage {
	state := &jobs.State{Directory: hostile, Actor: hostile, StartedAt: time.Now(), Problem: hostile, Done: 1, Total: 2}
	if !running {
		state.EndedAt = time.Now()
		state.Welcome, state.Sync = &userman.WelcomeReport{Remaining: 1}, hostileSync()
	}
	return jobPage{state, "/x", hostile}
}

func hostileDirectoryState() app.DirectoryState {
	return app.DirectoryState{
		Name: hostile, Kind: hostile, URL: hostile, BaseDN: hostile, Filter: hostile, ExternalID: hostile, Attributes: map[string]string{hostile: hostile},
		GroupBaseDN: hostile, GroupFilter: hostile, Capabilities: userman.Capabilities{Authenticate: true, Groups: true}, Users: 1,
	}
}

func hostileSync() *userman.SyncReport {
	return &userman.SyncReport{
		Steps:    []userman.SyncStep{{Action: hostile, Username: hostile, Fields: []string{hostile}}},
		Problems: []userman.SyncProblem{{Username: hostile, Message: hostile}}, Warnings: []userman.SyncProblem{{Username: hostile, Message: hostile}}, MoreWarnings: 1, Groups: []string{hostile},
	}
}

func hostileDirectory() directoryPage {
	page := directoryPage{DirectoryState: hostileDirectoryState(), Job: hostileJob(false)}
	page.report(hostileSync())
	page.MoreSteps, page.MoreProblems = 1, 1
	return page
}

func hostileSettings() settingsPage {
	setting := app.Setting{HasSecret: true, Value: field.TextValue(hostile), Source: app.Source{Kind: app.SourceFlag, Name: hostile}}
	setting.Meta = field.Meta{Name: "x", Label: hostile}
	f := form{Submit: "Save", Action: "/x", Version: hostile, Problems: []problem{{Text: hostile}}}
	f.add(hostileField("a"))
	return settingsPage{
		settingsSection: settingsSection{"general", hostile, hostile}, All: settingsSections(), Form: f,
		Attributes: []attributeField{{hostile, hostile, hostile, hostile}}, Technical: []app.Setting{setting}, Notice: hostile, PendingURL: "https://x.example.com", PublicURL: hostile,
		Mail: &app.MailStatus{Missing: hostile}, To: hostileField("to"), Directories: []app.DirectoryState{hostileDirectoryState()}, MaySync: true,
		Schedule: &app.SyncSchedule{Last: &jobs.ScheduledSync{Problem: hostile}},
		Tested: &settingsTest{
			Problems: []problem{{Text: hostile}}, Connection: &app.Connection{Problem: hostile}, Delivery: &userman.Delivery{Status: userman.DeliveryFailed, Message: hostile},
			Directory: &app.DirectoryTest{Entries: []app.PreviewEntry{{Username: hostile, Name: hostile, Email: hostile, Groups: []string{hostile}, Problem: hostile}}},
		},
	}
}

// groupBodies are the [pageBodies] of groups, jobs, settings and the pages
// without a login.
func groupBodies() map[string][2]any {
	now, g := time.Now(), hostileUserGroup()
	members := membersPage{[]*userman.User{hostileUser()}, hostilePaging(), hostileField("usernames")}
	return map[string][2]any{
		"groups": {listPage[userman.Group]{}, hostileList(true, g)},
		"group":  {recordPage[userman.Group]{Record: &userman.Group{}, Extra: membersPage{}}, hostileRecord(g, members, "settings", permissionsTab, "members", activityTab)},
		"matrix": {matrixPage{}, hostileMatrix()},
		"welcomeall": {
			welcomeAllPage{Job: hostileJob(true)},
			welcomeAllPage{hostileJob(false), 1, true, hostile, []deliveryCount{{1, hostile}}, []userman.Delivery{{Username: hostile, Message: hostile}}, true},
		},
		"directory":          {directoryPage{Job: hostileJob(true)}, hostileDirectory()},
		"settings":           {settingsPage{}, hostileSettings()},
		"publicurl":          {publicURLPage{}, publicURLPage{"https://x.example.com", hostile, app.ConfirmURLPath, true, []problem{{Text: hostile}}}},
		"linkexpired":        {invalidLinkPage{}, invalidLinkPage{[]problem{{Text: hostile}}, "/x", true}},
		"linkinvalid":        {invalidLinkPage{}, invalidLinkPage{[]problem{{Text: hostile}}, "/x", true}},
		"setpassworddone":    {nil, nil},
		"portal":             {"", hostile},
		"forgotpassword":     {forgotPasswordPage{}, forgotPasswordPage{[]problem{{Text: hostile}}, hostileField("name"), true}},
		"forgotpasswordsent": {nil, nil},
		"softphone":          {softphonePage{}, softphonePage{hostile, now, hostile, "/x.png"}},
		"softphoneinvalid":   {struct{ Expired bool }{}, struct{ Expired bool }{true}},
	}
}
