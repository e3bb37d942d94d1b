package web_test

import (
	"strings"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/examples/internal/app"
)

// scopeRule is what an administrator whose scope is limited to some extensions can do
// with the operations of a section that they have.
type scopeRule int

const (
	// public operations need no login.
	public scopeRule = iota
	// sectionOnly operations concern no user, or only show and create users in scope.
	sectionOnly
	// onRecord operations concern the record in the path. A record out of scope is
	// answered like one that does not exist.
	onRecord
	// inBody operations concern the user in the body, in the same way.
	inBody
	// unrestricted operations concern all users: they need an unlimited scope.
	unrestricted
	// fullOnly operations need a full administrator.
	fullOnly
)

// authorizationRow is a set of operations and pages with the same rule.
type authorizationRow struct {
	// section is the section that an administrator needs; "" is none.
	section string
	rule    scopeRule
	// operations are IDs of the API, and pages are methods and paths, "GET+POST" for
	// two of them.
	operations, pages string
}

// authorizationTable names every operation of the API and every page.
func authorizationTable() []authorizationRow {
	return []authorizationRow{
		{"", public, "createSession", `
			GET+POST /login, GET+POST /login/code, POST /logout, GET+POST /forgot-password, GET /forgot-password/sent,
			GET+POST /set-password/{token}, POST /set-password/{token}/renew, GET /set-password/done, GET /portal,
			GET /softphone/{token}, GET /softphone/{token}/qr.png, GET /softphone/{token}/linphone.xml, GET /softphone/{token}/account.json`},
		// One's own account, and texts that are the same for all administrators.
		{"", sectionOnly, `getSession deleteSession changeOwnPassword beginSecondFactor confirmSecondFactor replaceRecoveryCodes
			deleteOwnSecondFactor listSections listPermissions`, `
			GET /{$}, GET /search, GET /config/banner, GET /account, GET /session, POST /account/password,
			POST /account/name, POST /account/sessions/end, POST /account/sessions/end-others, GET+POST /account/second-factor/begin, GET /account/second-factor/qr.png,
			POST /account/second-factor/confirm, GET+POST /account/second-factor/remove, GET+POST /account/second-factor/recovery-codes`},

		// Each record of an action on several goes through its service, see
		// TestPages_bulkActionIsLimitedToScope.
		{app.SectionAdministrators, sectionOnly, "listAdministrators createAdministrator", "GET /administrators, GET+POST /administrators/new, GET /administrators/export, POST /administrators/bulk"},
		{app.SectionAdministrators, onRecord, `getAdministrator updateAdministrator previewAdministrator deleteAdministrator enableAdministrator disableAdministrator
			explainAdministrator inviteAdministrator setAdministratorPassword deleteSecondFactor`, `
			GET+POST /administrators/{username}, GET+POST /administrators/{username}/delete, GET+POST /administrators/{username}/password,
			GET+POST /administrators/{username}/second-factor/remove, POST /administrators/{username}/disable,
			POST /administrators/{username}/enable, GET+POST /administrators/{username}/invite`},

		// AMI accounts are of the whole system.
		{app.SectionAMIAccounts, sectionOnly, `listAMIAccounts createAMIAccount getAMIAccount updateAMIAccount deleteAMIAccount enableAMIAccount
			disableAMIAccount rotateAMIAccountSecret probeAMIAccount listPrivilegeClasses listAMIAccountPresets`, `
			GET /ami-accounts, GET+POST /ami-accounts/new, POST /ami-accounts/check, GET /ami-accounts/export, POST /ami-accounts/bulk, GET+POST /ami-accounts/{name},
			GET+POST /ami-accounts/{name}/delete, GET+POST /ami-accounts/{name}/rotate, POST /ami-accounts/{name}/disable,
			POST /ami-accounts/{name}/enable, GET /ami-accounts/{name}/secret, POST /ami-accounts/{name}/probe`},

		{app.SectionUsers, sectionOnly, "listUsers createUser exportUsers listAllTokens getWelcomeMails sendWelcomeMails",
			"GET /users, GET+POST /users/new, GET+POST /users/welcome, GET /users/export, POST /users/bulk, GET /users/suggest"},
		// Numbers out of scope are in valuesOutOfScope.
		{app.SectionUsers, sectionOnly, "renumberExtensions", ""},
		{app.SectionUsers, onRecord, `getUser updateUser previewUser deleteUser enableUser disableUser endUserSessions createPasswordLink createSoftphoneLink
			sendMail listMails previewMail setUserPassword deleteUserSecondFactor explainUser listUserReferences getPicture setPicture deletePicture
			restoreUser purgeUser listTokens createToken getToken updateToken deleteToken rotateToken`, `
			GET+POST /users/{username}, GET /users/{username}/permissions, GET+POST /users/{username}/delete,
			GET+POST /users/{username}/renumber,
			GET+POST /users/{username}/password, GET /users/{username}/password/generated, GET+POST /users/{username}/second-factor/remove,
			POST /users/{username}/disable, POST /users/{username}/enable, POST /users/{username}/sessions/end,
			GET+POST /users/{username}/picture, POST /users/{username}/picture/remove, POST /users/{username}/welcome,
			POST /users/{username}/reset, GET /users/{username}/mail/{kind}, GET+POST /users/{username}/link,
			GET+POST /users/{username}/softphone, GET /users/{username}/tokens, GET+POST /users/{username}/tokens/new,
			GET+POST /users/{username}/tokens/{id}, GET+POST /users/{username}/tokens/{id}/delete,
			GET+POST /users/{username}/tokens/{id}/rotate, GET /users/{username}/tokens/{id}/key,
			GET+POST /deleted-users/{id}/restore, GET+POST /deleted-users/{id}/purge`},
		{app.SectionUsers, unrestricted, "listDirectories getSync syncDirectory", "GET+POST /directories/{directory}"},

		// Everybody with the section reads all groups, but only the members in scope.
		{app.SectionGroups, sectionOnly, "listGroups getGroup listMembers explainGroupImpact",
			"GET /groups, GET /groups/new, GET /groups/export, POST /groups/bulk, GET /groups/{name}, GET /groups/{name}/delete, GET /permissions"},
		{app.SectionGroups, inBody, "addMembers removeMembers previewMembers", "POST /groups/{name}/members"},
		{app.SectionGroups, unrestricted, "createGroup updateGroup previewGroup deleteGroup", "POST /groups/new, POST /groups/{name}, POST /groups/{name}/delete, POST /permissions"},

		{app.SectionVerify, inBody, "verifyPassword authorizeToken authorizePhone", ""},

		// The configuration has the AMI accounts only.
		{ampusers.SectionApply, sectionOnly, `getConfigurationStatus getConfigurationPlan applyConfiguration rollbackConfiguration
			recoverConfiguration getConfigurationRun`, `
			GET /config, POST /config/apply, GET+POST /config/rollback, POST /config/recover, GET /config/run`},

		{app.SectionAudit, sectionOnly, "listAuditEntries", "GET /audit"},
		{app.SectionAudit, unrestricted, "verifyAudit", "POST /audit/verify"},

		{app.SectionSettings, sectionOnly, "getAsterisk testAsterisk listSettings", `
			GET /settings, GET /settings/general, GET /settings/mail, GET /settings/directory, GET /settings/asterisk, GET /settings/sign-in,
			GET /settings/public-url, GET+POST /settings/install`},
		{app.SectionSettings, fullOnly, "", `
			POST /settings/general, POST /settings/mail, POST /settings/directory, POST /settings/asterisk, POST /settings/sign-in,
			POST /settings/mail/test, POST /settings/directory/test, POST /settings/asterisk/test, POST /settings/public-url`},
	}
}

// routes lists the operations and pages of the row: IDs, and "METHOD path".
func (row authorizationRow) routes() (operations, pages []string) {
	for page := range strings.SplitSeq(row.pages, ",") {
		methods, path, _ := strings.Cut(strings.TrimSpace(page), " ")
		for method := range strings.SplitSeq(methods, "+") {
			if method != "" {
				pages = append(pages, method+" "+path)
			}
		}
	}
	return strings.Fields(row.operations), pages
}
