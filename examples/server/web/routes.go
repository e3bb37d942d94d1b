package web

import (
	"net/http"
	"slices"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/examples/internal/app"
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
	handle  func(*pageHandler) error
}

// routes are all pages and acts, but for the files of /static/.
func routes() []route {
	return slices.Concat(loginRoutes(), administratorRoutes(), managerRoutes(), userRoutes(), groupRoutes(), publicRoutes(), configRoutes(), otherRoutes())
}

func get(path, section string, handle func(*pageHandler) error) route {
	return route{method: http.MethodGet, path: path, section: section, handle: handle}
}

func post(path, section string, handle func(*pageHandler) error) route {
	return route{method: http.MethodPost, path: path, section: section, handle: handle}
}

func loginRoutes() []route {
	open := []route{
		get("/login", "", (*pageHandler).loginForm),
		post("/login", "", (*pageHandler).logIn),
		get("/login/code", "", (*pageHandler).codeForm),
		post("/login/code", "", (*pageHandler).confirmCode),
		post("/logout", "", (*pageHandler).logOut),
	}
	for i := range open {
		open[i].open = true
	}
	return open
}

func administratorRoutes() []route {
	const section, one = app.SectionAdministrators, "/administrators/{username}"
	return []route{
		get("/administrators", section, (*pageHandler).administratorList),
		get("/administrators/new", section, (*pageHandler).administratorNew),
		post("/administrators/new", section, (*pageHandler).administratorCreate),
		get(one, section, (*pageHandler).administratorForm),
		post(one, section, (*pageHandler).administratorSave),
		get(one+"/delete", section, (*pageHandler).administratorConfirmDelete),
		post(one+"/delete", section, (*pageHandler).administratorDelete),
		post(one+"/disable", section, (*pageHandler).administratorDisable),
		post(one+"/enable", section, (*pageHandler).administratorEnable),
		get(one+"/invite", section, (*pageHandler).administratorInviteLink),
		post(one+"/invite", section, (*pageHandler).administratorInvite),
		get(one+"/password", section, (*pageHandler).administratorPasswordForm),
		post(one+"/password", section, (*pageHandler).administratorPassword),
		get(one+"/second-factor/remove", section, (*pageHandler).administratorConfirmRemoveFactor),
		post(one+"/second-factor/remove", section, (*pageHandler).administratorRemoveFactor),
	}
}

func managerRoutes() []route {
	const section, one = app.SectionAMIAccounts, "/ami-accounts/{name}"
	return []route{
		get("/ami-accounts", section, (*pageHandler).managerList),
		get("/ami-accounts/new", section, (*pageHandler).managerNew),
		post("/ami-accounts/new", section, (*pageHandler).managerCreate),
		post("/ami-accounts/check", section, (*pageHandler).managerCheck),
		get(one, section, (*pageHandler).managerForm),
		post(one, section, (*pageHandler).managerSave),
		get(one+"/secret", section, (*pageHandler).managerSecret),
		get(one+"/rotate", section, (*pageHandler).managerConfirmRotate),
		post(one+"/rotate", section, (*pageHandler).managerRotate),
		post(one+"/probe", section, (*pageHandler).managerProbe),
		get(one+"/delete", section, (*pageHandler).managerConfirmDelete),
		post(one+"/delete", section, (*pageHandler).managerDelete),
		post(one+"/disable", section, (*pageHandler).managerDisable),
		post(one+"/enable", section, (*pageHandler).managerEnable),
	}
}

func configRoutes() []route {
	const section = ampusers.SectionApply
	return []route{
		get("/config", section, (*pageHandler).configPlan),
		post("/config/apply", section, (*pageHandler).configApply),
		get("/config/rollback", section, (*pageHandler).configConfirmRollback),
		post("/config/rollback", section, (*pageHandler).configRollback),
		post("/config/recover", section, (*pageHandler).configRecover),
		get("/config/run", section, (*pageHandler).configRun),
		get("/config/banner", "", (*pageHandler).configBanner),
	}
}

func otherRoutes() []route {
	const account = "/account/second-factor/"
	return []route{
		get("/{$}", "", (*pageHandler).overview),
		get("/audit", app.SectionAudit, (*pageHandler).auditList),
		post("/audit/verify", app.SectionAudit, (*pageHandler).auditVerify),
		get("/settings", app.SectionSettings, (*pageHandler).settings),
		post("/settings/test", app.SectionSettings, (*pageHandler).settingsTest),
		post("/settings/mail", app.SectionSettings, (*pageHandler).settingsTestMail),
		post("/settings/directories/{directory}", app.SectionSettings, (*pageHandler).settingsTestDirectory),
		get("/settings/install", app.SectionSettings, (*pageHandler).installPlan),
		post("/settings/install", app.SectionSettings, (*pageHandler).install),
		get("/account", "", (*pageHandler).account),
		post("/account/password", "", (*pageHandler).accountPassword),
		post(account+"begin", "", (*pageHandler).factorBegin),
		get(account+"qr.png", "", (*pageHandler).factorQR),
		post(account+"confirm", "", (*pageHandler).factorConfirm),
		get(account+"remove", "", (*pageHandler).factorConfirmRemove),
		post(account+"remove", "", (*pageHandler).factorRemove),
		post(account+"recovery-codes", "", (*pageHandler).factorRecoveryCodes),
	}
}
