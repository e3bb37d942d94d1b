package api

import (
	"context"
	"net/http"
	"net/url"

	"github.com/pbxusers/pbxusers/examples/internal/site"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

const tagPeople = "people"

// Person is who a path names.
type Person struct {
	Username string `doc:"The username, in any case." path:"username"`
}

// PersonTarget is a person to be changed.
type PersonTarget struct {
	Person
	IfMatch
}

type userOutput = recordOutput[shownUser]

// people returns the people that the visitor reaches.
func (a *api) people(ctx context.Context) *userman.Service {
	return a.site.PeopleFor(a.gate.Visitor(ctx))
}

// narrowed reports whether there are people whom the visitor does not reach.
func (a *api) narrowed(ctx context.Context) bool { return a.people(ctx) != a.site.People }

func (a *api) registerPeople() {
	g := group{api: a, tag: tagPeople, section: site.SectionPeople}
	register(g, operation{
		id: "listUsers", method: http.MethodGet, path: "/users", summary: "List people",
		description: "Those that the visitor reaches: of a limited administrator with extensions of their own, those whose extensions are all among them.",
		response:    list[shownUser]{Items: []shownUser{exampleUser()}, Next: ""},
	}, a.listUsers)
	register(g, operation{
		id: "createUser", method: http.MethodPost, path: "/users", summary: "Make a person",
		description: "Without a password the person cannot log in until a link was opened: POST /users/{username}/welcome mails one, POST /users/{username}/invite shows one. " +
			"Without groups the person is put into the default groups.",
		status: http.StatusCreated, errors: []int{http.StatusConflict},
		request: map[string]any{
			"username": "jane.roe", "first_name": "Jane", "last_name": "Roe", "email": "jane.roe@example.com", "default_extension": "4001",
			"generate": true, "permissions": map[string]any{userman.XMPPLogin: true},
		},
		response: exampleGenerated(),
	}, a.createUser)
	register(g, operation{
		id: "getUser", method: http.MethodGet, path: "/users/{username}", summary: "Show a person",
		known: true, response: exampleUser(),
	}, a.getUser)
	register(g, operation{
		id: "updateUser", method: http.MethodPatch, path: "/users/{username}", summary: "Change a person",
		description: "What is absent stays as it is; null sets a field to its default. Lists are replaced as a whole, and permissions one by one (RFC 7396). " +
			"Fields that the person's directory keeps are refused.",
		errors:  []int{http.StatusConflict, http.StatusPreconditionFailed},
		request: map[string]any{"title": "Head of Sales", "linked_extensions": []string{"4100"}, "permissions": map[string]any{userman.XMPPLogin: nil}, "home_phone": nil},

		response: exampleUser(),
	}, a.updateUser)
	register(g, operation{
		id: "deleteUser", method: http.MethodDelete, path: "/users/{username}", summary: "Delete a person",
		description: "Sessions, links and tokens end, and username and default extension are free for others; POST /deleted-users/{id}/restore undoes it. " +
			"A person whom other records need is kept: references lists them.",
		status: http.StatusNoContent, errors: []int{http.StatusConflict, http.StatusPreconditionFailed},
	}, a.deleteUser)
	a.registerExport(g)
	a.registerPersonActs(g)
	a.registerPersonCredentials(g)
	a.registerPersonRights(g)
	a.registerPicture(g)
	a.registerDeletedUsers(g)
}

type listUsersInput struct {
	Search      string `doc:"Only those with this in a name, an email, a number or any other text of theirs, in any case."                                   query:"search"`
	Sort        string `doc:"Sort by username, last_name, default_extension, created_at, updated_at or last_login_at; with - in front for descending order." query:"sort"`
	Status      string `doc:"Only those; deleted people are listed by GET /deleted-users."                                                                   enum:"enabled,disabled" query:"status"`
	Group       string `doc:"Only the members of that group."                                                                                                query:"group"`
	Extension   string `doc:"Only those whose default or linked extension it is."                                                                            query:"extension"`
	Email       string `doc:"Only those whose primary email it is, in any case."                                                                             query:"email"`
	Directory   string `doc:"Only those of that directory."                                                                                                  query:"directory"`
	NotWelcomed bool   `doc:"Only those who were never sent a welcome mail."                                                                                 query:"not_welcomed"`
	Paging
}

func (a *api) listUsers(ctx context.Context, input *listUsersInput) (*listOutput[shownUser], error) {
	order, err := store.ParseOrder(input.Sort, userman.OrderFields())
	if err != nil {
		return nil, err
	}
	query := userman.Query{
		Search: input.Search, Status: userman.Status(input.Status), Group: input.Group, Extension: input.Extension,
		Email: input.Email, NotWelcomed: input.NotWelcomed, Order: order, Page: input.page(),
	}
	if input.Directory != "" {
		query.Directory = &input.Directory
	}
	page, err := a.people(ctx).List(ctx, query)
	if err != nil {
		return nil, err
	}
	return listed(page, showUser), nil
}

type createUserInput struct {
	IdempotencyKey
	Body NewUser
}

func (a *api) createUser(ctx context.Context, input *createUserInput) (*createdOutput[shownUser], error) {
	event := eventOf("create", userman.PersonRecord, input.Body.Username)
	made, err := once(ctx, a, input.IdempotencyKey, event, func(ctx context.Context) (shownUser, error) {
		return newUser(ctx, a.people(ctx), &input.Body)
	})
	if err != nil {
		return nil, err
	}
	return &createdOutput[shownUser]{
		ETag: made.tag(), Location: prefix + "/users/" + url.PathEscape(made.Username), Body: made,
	}, nil
}

// newUser makes a person. What it did must be undone when there is an error.
func newUser(ctx context.Context, people *userman.Service, body *NewUser) (shownUser, error) {
	u := &userman.User{Username: body.Username}
	unread := body.set(u, people.Permissions())
	password, wrong, err := chosen(people, body.Password, body.Generate)
	if err != nil {
		return shownUser{}, err
	}
	created, err := people.Create(ctx, userman.NewUser{
		User: u, Password: password, NoDefaultGroups: body.Groups.set && !body.Groups.null,
	})
	if err := judged(append(unread, wrong...), err); err != nil {
		return shownUser{}, err
	}
	return withPassword(created, password, body.Generate), nil
}

type getUserInput struct {
	Person
	IfNoneMatch string `doc:"The ETag of the record that the visitor has already: 304 when there is no newer one." header:"If-None-Match"`
}

func (a *api) getUser(ctx context.Context, input *getUserInput) (*userOutput, error) {
	u, err := a.people(ctx).Get(ctx, input.Username)
	if err != nil {
		return nil, err
	}
	shown := showUser(u)
	return record(shown, shown.tag()).unlessKnown(input.IfNoneMatch), nil
}

// changeUser changes one person, on the condition of the request.
func (a *api) changeUser(ctx context.Context, input *PersonTarget, action string, change func(context.Context, *userman.Service) (shownUser, error)) (*userOutput, error) {
	var changed shownUser
	event := eventOf(action, userman.PersonRecord, input.Username)
	err := a.ifMatch(ctx, input.IfMatch, event, a.userTag(input.Username), func(ctx context.Context) (err error) {
		changed, err = change(ctx, a.people(ctx))
		return err
	})
	if err != nil {
		return nil, err
	}
	return record(changed, changed.tag()), nil
}

func (a *api) userTag(username string) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		u, err := a.people(ctx).Get(ctx, username)
		if err != nil {
			return "", err
		}
		return showUser(u).tag(), nil
	}
}

type updateUserInput struct {
	PersonTarget
	Body UserChanges
}

func (a *api) updateUser(ctx context.Context, input *updateUserInput) (*userOutput, error) {
	return a.changeUser(ctx, &input.PersonTarget, "update", func(ctx context.Context, people *userman.Service) (shownUser, error) {
		return shownAfter(people.Update(ctx, input.Username, func(u *userman.User) error {
			return store.Invalid(input.Body.set(u, people.Permissions())...)
		}))
	})
}

func (a *api) deleteUser(ctx context.Context, input *PersonTarget) (*noOutput, error) {
	event := eventOf("delete", userman.PersonRecord, input.Username)
	return nil, a.ifMatch(ctx, input.IfMatch, event, a.userTag(input.Username), func(ctx context.Context) error {
		return a.people(ctx).Delete(ctx, input.Username)
	})
}
