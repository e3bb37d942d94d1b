package web

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/examples/internal/resource"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/field"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/apitoken"
	"github.com/pbxusers/pbxusers/userman/mailqueue"
	"github.com/pbxusers/pbxusers/userman/permission"
	"github.com/pbxusers/pbxusers/userman/usermail"
)

// userPages are the pages of users.
type userPages struct {
	record[userman.User]
}

// userPath is the page of a user.
func userPath(username string) string { return recordPath("/users/", username) }

func newUserPages(p *pages) *userPages {
	u, permissions := &userPages{}, p.site.Users.Permissions()
	u.record = withDefaults(record[userman.User]{
		pages: p, template: "user", listPath: "/users",
		fieldSet: fieldSet[userman.User]{
			Type:        withPermissions(*resource.Users(p.users), permissions, func(now *userman.User) *permission.Permissions { return &now.Permissions }),
			permissions: permissions,
			first:       []string{"first_name", "last_name", "email", "username", "default_extension", "linked_extensions", "groups"},
			sections:    userSections(), collapsed: []string{jobSection, contactSection, localeSection},
			others: map[string]string{"picture": pictureLabel, "onboarding": onboardingLabel}, check: checkEmail,
		},
		tabs: []tab{
			{ID: "profile", Label: "Profile"}, {ID: "sign-in", Label: "Sign-in", legends: []string{linksSection}}, {ID: permissionsTab, Label: "Permissions"},
			{ID: "tokens", Label: "API tokens"}, {ID: activityTab, Label: "Activity"},
		},
		columns: userColumns(column{"State", ""}, column{"Last login", "last_login_at"}), search: "Search users", list: u.describeList,
		filterChoices: u.userFilterChoices, empty: userEmpty(), bulk: u.bulkActions(), named: nameOfUser,
		byID: func(ctx context.Context, id string) (*userman.User, error) {
			return u.activeUser(ctx, store.UserID(id))
		},
		path:      func(one *userman.User) string { return userPath(one.Username) },
		changedAt: func(one *userman.User) time.Time { return one.UpdatedAt },
		load:      u.loadUser, drawer: u.draw,
		identity: func(one *userman.User) string { return string(one.ID) }, // usernames change
		describe: u.describe,
		blank:    u.blankUser, newForm: u.addOnboarding, draft: u.completeDraft, created: u.onboard,
		deleted: func(one *userman.User) string {
			return one.Username + " was deleted. You can restore the user until it is purged."
		},
		user: func(one *userman.User) *userman.User { return one },
	})
	return u
}

// Sections of the form of a user. The others come from the fields.
const (
	profileSection = "Profile"
	jobSection     = "Display name and job"
	contactSection = "More contact details"
	localeSection  = "Language and time zone"
	linksSection   = "Links by email"
)

// userSections are the sections of the fields in the form, in the order of their use.
func userSections() map[string]string {
	sections := map[string]string{"email_blocked": linksSection}
	for section, names := range map[string][]string{
		profileSection: {"first_name", "last_name", "email", "username", "default_extension", "linked_extensions"},
		jobSection:     {"display_name", "title", "company", "department", "description"},
		contactSection: {"other_emails", "cell_phone", "home_phone", "work_phone", "fax"},
		localeSection:  {"language", "time_zone"},
	} {
		for _, name := range names {
			sections[name] = section
		}
	}
	return sections
}

// checkEmail asks for the rest of an email address. Others may send mail to a host without
// a dot, but in a form it is a mistake.
func checkEmail(in input, now map[string]field.Value) []store.FieldError {
	email := in.text("email")
	_, domain, ok := strings.Cut(email, "@")
	if !ok || domain == "" || strings.Contains(domain, ".") || email == now["email"].Text() {
		return nil
	}
	return []store.FieldError{{Field: "email", Code: store.CodeEmail, Message: "enter the whole address, such as jane@example.com"}}
}

// userExtra is what the page of a user has besides the record: the field of the picture,
// the page that links the user to an entry of a directory, or "", and the last mails to
// the user.
type userExtra struct {
	Picture  formField
	LinkPath string
	// Softphones says that users can set up softphones, and Mail that they get mails.
	Softphones, Mail bool
	Mails            []*mailqueue.Mail
	Tokens           []*apitoken.Token
	// TokensPermitted says that the user has the permission to use the API.
	TokensPermitted bool
}

func (u *userPages) describe(ctx context.Context, _ *request, body *recordPage[userman.User], errs formErrors) error {
	username := body.Record.Username
	mails, err := u.users(ctx).Mails().List(ctx, username)
	if err != nil {
		return err
	}
	tokens, err := u.tokens(ctx).List(ctx, username, store.PageRequest{})
	if err != nil {
		return err
	}
	effective, err := u.users(ctx).EffectivePermissions(ctx, username)
	if err != nil {
		return err
	}
	body.Form.tab(permissionsTab).Permissions.explain(effective)
	body.Form.tab("tokens").Count = len(tokens.Items)
	if owner := u.fieldOwner(ctx, body.Record); owner != nil {
		body.Form.Note = "The directory " + body.Record.Directory + " manages the fields that cannot be edited here. Change them in the directory."
	}
	body.Extra = userExtra{
		pictureField(errs), u.linkPath(ctx, body.Record), u.users(ctx).Softphones().Available(), u.site.MailStatus().Configured, mails, tokens.Items, effective.Enabled(permission.RESTUse),
	}
	return nil
}

// fieldOwner returns the directory that manages fields of a user; nil for none.
func (u *userPages) fieldOwner(ctx context.Context, now *userman.User) userman.FieldOwner {
	for _, d := range u.users(ctx).Directories() {
		if owner, ok := d.(userman.FieldOwner); ok && d.Name() == now.Directory {
			return owner
		}
	}
	return nil
}

// linkPath returns the page that links a user to an entry, or "".
func (u *userPages) linkPath(ctx context.Context, one *userman.User) string {
	directories := u.site.Users.Directories()
	if len(directories) == 0 || !u.isUnrestricted(ctx) || one.Directory != "" && one.MissingSince.IsZero() {
		return ""
	}
	return directoryPath(directories[0].Name()) + "?user=" + url.QueryEscape(one.Username) + "#link-title"
}

// users is the service for the administrator who sent the request.
func (p *pages) users(ctx context.Context) *userman.Service {
	return p.site.UsersFor(p.sessions.Administrator(ctx))
}

// isUnrestricted reports whether the administrator is not limited to some
// extensions.
func (p *pages) isUnrestricted(ctx context.Context) bool {
	return p.sessions.Administrator(ctx).Scope("").IsUnrestricted()
}

// userRoute is the page of a user. No longer address may have a word of its own in
// place of the username: the routes would be ambiguous.
const userRoute = "/users/{username}"

func (u *userPages) routes() []route {
	const section, one = app.SectionUsers, userRoute
	picture := post(one+"/picture", section, u.acting(u.setPicture))
	picture.upload = true
	return slices.Concat(
		u.record.routes(section, "/users", one), u.permissionRoutes(), u.tokenRoutes(), u.deletedRoutes(), u.jobRoutes(),
		u.confirmed(section, one, "/delete", u.askDelete, u.deleteUser), u.confirmed(section, one, "/renumber", u.askNumber, u.renumber),
		u.confirmed(section, one, "/password", u.askPassword, u.setPassword),
		u.confirmed(section, one, "/second-factor/remove", nil, calls(&u.record, u.users, factorRemoved, (*userman.Service).RemoveSecondFactor)),
		[]route{
			get("/users/suggest", section, u.suggest),
			post(one+"/disable", section, u.acting(u.undoneBy("/enable",
				calls(&u.record, u.users, "Disabled. The user was logged out everywhere and can no longer log in.", (*userman.Service).Disable)))),
			post(one+"/enable", section, u.acting(u.undoneBy("/disable", calls(&u.record, u.users, "Enabled.", (*userman.Service).Enable)))),
			post(one+"/sessions/end", section, u.acting(u.does("All sessions ended.", u.endSessions))),
			get(one+"/picture", section, u.with(u.picture)), picture,
			post(one+"/picture/remove", section, u.acting(u.does("Picture removed.", u.removePicture))),
			post(one+"/welcome", section, u.send(usermail.Welcome)), post(one+"/reset", section, u.send(usermail.Reset)),
			get(one+"/mail/{kind}", section, u.with(u.previewMail)), get(one+"/password/generated", section, u.with(u.generatedPassword)),
			get(one+"/link", section, u.with(u.passwordLink)), post(one+"/link", section, u.acting(u.createPasswordLink)),
			get(one+"/softphone", section, u.with(u.softphoneLink)), post(one+"/softphone", section, u.acting(u.createSoftphoneLink)),
		},
	)
}

// loadUser returns the user whose form was sent: another user may have the
// username in the address now. A page shows the user in the address.
func (u *userPages) loadUser(ctx context.Context, r *request) (*userman.User, error) {
	id := formUserID(r)
	if id == "" {
		return u.users(ctx).Get(ctx, r.PathValue("username"))
	}
	return u.activeUser(ctx, id)
}

// activeUser returns the user with this ID, who is not deleted.
func (u *userPages) activeUser(ctx context.Context, id store.UserID) (*userman.User, error) {
	one, err := u.users(ctx).GetByID(ctx, id)
	if err == nil && !one.DeletedAt.IsZero() {
		return nil, &store.NotFoundError{Kind: userman.KindUser}
	}
	return one, err
}

// formUserID is the ID in the form that was sent. A form with a file has it in its
// address, because the body is read as it arrives.
func formUserID(r *request) store.UserID {
	if r.Method != http.MethodPost {
		return ""
	}
	return store.UserID(cmp.Or(r.form("user"), r.query("user")))
}

// draw offers groups, languages and time zones, and locks the fields that a directory
// manages.
func (u *userPages) draw(ctx context.Context, _ *request, now *userman.User) (drawer, error) {
	groups, err := u.users(ctx).Groups().List(ctx)
	if err != nil {
		return nil, err
	}
	owner := u.fieldOwner(ctx, now)
	return func(m field.Meta, texts []string, f *formField) {
		f.ReadOnly = owner != nil && m.Kind != field.KindBool && owner.OwnsField(m.Name)
		switch m.Name {
		case "groups":
			f.Section, f.Class, f.Hint, f.Choices = "", "many", "Groups grant permissions to their members.", groupChoices(groups, texts)
			f.Chips = "choices"
			if len(groups) == 0 {
				f.Hint = "There are no groups yet. " + f.Hint
			}
		case "linked_extensions":
			f.Chips, f.InputMode = suggestions(fieldDefaultExtension), ""
		case "username":
			if now.ID == "" {
				f.Required, f.Hint = false, "The name to log in with. Leave it empty for first.last."
			}
		case "language":
			f.Hint, f.Choices = "The language of emails.", languageChoices(f.Value)
		case "time_zone":
			f.Hint, f.Choices = "", timeZoneChoices(f.Value)
		}
	}, nil
}

// suggestions is the address of the users whose field the reader types.
func suggestions(name string) string { return "/users/suggest?field=" + name }

// suggestion is a value that a reader may mean, and its label.
type suggestion struct {
	Value string `json:"value"`
	Label string `json:"label"`
	Hint  string `json:"hint"`
}

// maxSuggestions bounds the suggestions for one text.
const maxSuggestions = 8

// suggest returns the usernames or extensions of the users in scope that a text selects,
// as JSON.
func (u *userPages) suggest(ctx context.Context, r *request) (response, error) {
	list, err := u.users(ctx).List(ctx, userman.Query{Search: r.query("search"), PageRequest: store.PageRequest{Limit: maxSuggestions}})
	if err != nil {
		return nil, err
	}
	found := []suggestion{}
	for _, one := range list.Items {
		value := one.Username
		if r.query("field") == fieldDefaultExtension {
			value = one.DefaultExtension
		}
		if value != "" {
			found = append(found, suggestion{value, value, one.Name()})
		}
	}
	text, err := json.Marshal(found)
	return file{Status: http.StatusOK, ContentType: "application/json", Body: text}, err
}

func (u *userPages) endSessions(ctx context.Context, now *userman.User) error {
	return u.users(ctx).EndSessions(ctx, now.Username)
}

func (u *userPages) removePicture(ctx context.Context, now *userman.User) error {
	_, err := u.users(ctx).SetPicture(ctx, now.Username, nil, nil)
	return err
}

// askDelete shows what prevents the deletion of a user.
func (u *userPages) askDelete(ctx context.Context, _ *request, now *userman.User, c *confirmation) error {
	references, err := u.users(ctx).References(ctx, now.Username)
	c.Extra = references
	return err
}

// deleteUser offers to restore the user with the username and the extension of before.
func (u *userPages) deleteUser(ctx context.Context, r *request, now *userman.User) (response, error) {
	answer, err := u.delete(ctx, r, now)
	if done, ok := answer.(redirect); ok {
		done.Undo = undo{Action: deletedUserPath(now) + "/restore", Values: url.Values{
			"username": {now.Username}, fieldDefaultExtension: {now.DefaultExtension},
		}}
		return done, err
	}
	return answer, err
}
