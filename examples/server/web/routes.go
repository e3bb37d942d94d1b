package web

import (
	"net/http"
	"slices"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/examples/internal/site"
)

// route is one page or act: what a visitor must be allowed, and what is done.
type route struct {
	method, path string
	// open lets those in who have not logged in.
	open bool
	// upload lets a form bring a file.
	upload bool
	// section is what an administrator needs; "" is for every one of them.
	section string
	handle  func(*visit) error
}

// routes are all pages and acts, but for the files of /static/.
func routes() []route {
	return slices.Concat(loginRoutes(), administratorRoutes(), managerRoutes(), personRoutes(), groupRoutes(), publicRoutes(), configRoutes(), otherRoutes())
}

func get(path, section string, handle func(*visit) error) route {
	return route{method: http.MethodGet, path: path, section: section, handle: handle}
}

func post(path, section string, handle func(*visit) error) route {
	return route{method: http.MethodPost, path: path, section: section, handle: handle}
}

func loginRoutes() []route {
	open := []route{
		get("/login", "", (*visit).loginForm),
		post("/login", "", (*visit).logIn),
		get("/login/code", "", (*visit).codeForm),
		post("/login/code", "", (*visit).confirmCode),
		post("/logout", "", (*visit).logOut),
		get("/set-password/{token}", "", (*visit).setPasswordForm),
		post("/set-password/{token}", "", (*visit).setPassword),
	}
	for i := range open {
		open[i].open = true
	}
	return open
}

func administratorRoutes() []route {
	const section, one = site.SectionAdministrators, "/administrators/{username}"
	return []route{
		get("/administrators", section, (*visit).administratorList),
		get("/administrators/new", section, (*visit).administratorNew),
		post("/administrators/new", section, (*visit).administratorCreate),
		get(one, section, (*visit).administratorForm),
		post(one, section, (*visit).administratorSave),
		get(one+"/delete", section, (*visit).administratorAskDelete),
		post(one+"/delete", section, (*visit).administratorDelete),
		post(one+"/disable", section, (*visit).administratorDisable),
		post(one+"/enable", section, (*visit).administratorEnable),
		get(one+"/invite", section, (*visit).administratorInvited),
		post(one+"/invite", section, (*visit).administratorInvite),
		get(one+"/password", section, (*visit).administratorPasswordForm),
		post(one+"/password", section, (*visit).administratorPassword),
		get(one+"/second-factor/remove", section, (*visit).administratorAskRemoveFactor),
		post(one+"/second-factor/remove", section, (*visit).administratorRemoveFactor),
	}
}

func managerRoutes() []route {
	const section, one = site.SectionManagers, "/managers/{name}"
	return []route{
		get("/managers", section, (*visit).managerList),
		get("/managers/new", section, (*visit).managerNew),
		post("/managers/new", section, (*visit).managerCreate),
		post("/managers/check", section, (*visit).managerCheck),
		get(one, section, (*visit).managerForm),
		post(one, section, (*visit).managerSave),
		get(one+"/secret", section, (*visit).managerSecret),
		get(one+"/rotate", section, (*visit).managerAskRotate),
		post(one+"/rotate", section, (*visit).managerRotate),
		post(one+"/probe", section, (*visit).managerProbe),
		get(one+"/delete", section, (*visit).managerAskDelete),
		post(one+"/delete", section, (*visit).managerDelete),
		post(one+"/disable", section, (*visit).managerDisable),
		post(one+"/enable", section, (*visit).managerEnable),
	}
}

func configRoutes() []route {
	const section = ampusers.SectionApply
	return []route{
		get("/config", section, (*visit).configPlan),
		post("/config/apply", section, (*visit).configApply),
		get("/config/rollback", section, (*visit).configAskRollback),
		post("/config/rollback", section, (*visit).configRollback),
		post("/config/recover", section, (*visit).configRecover),
		get("/config/run", section, (*visit).configRun),
		get("/config/banner", "", (*visit).configBanner),
	}
}

func otherRoutes() []route {
	const account = "/account/second-factor/"
	return []route{
		get("/{$}", "", (*visit).overview),
		get("/audit", site.SectionAudit, (*visit).auditList),
		post("/audit/verify", site.SectionAudit, (*visit).auditVerify),
		get("/settings", site.SectionSettings, (*visit).settings),
		post("/settings/test", site.SectionSettings, (*visit).settingsTest),
		post("/settings/mail", site.SectionSettings, (*visit).settingsTestMail),
		post("/settings/directories/{directory}", site.SectionSettings, (*visit).settingsTestDirectory),
		get("/settings/install", site.SectionSettings, (*visit).installPlan),
		post("/settings/install", site.SectionSettings, (*visit).install),
		get("/account", "", (*visit).account),
		post("/account/password", "", (*visit).accountPassword),
		post(account+"begin", "", (*visit).factorBegin),
		get(account+"qr.png", "", (*visit).factorQR),
		post(account+"confirm", "", (*visit).factorConfirm),
		get(account+"remove", "", (*visit).factorAskRemove),
		post(account+"remove", "", (*visit).factorRemove),
		post(account+"recovery-codes", "", (*visit).factorRecoveryCodes),
	}
}
