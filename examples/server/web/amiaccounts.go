package web

import (
	"context"
	"slices"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/examples/internal/resource"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
)

// amiAccountPages are the pages of AMI accounts.
type amiAccountPages struct {
	record[manager.Account]
}

// amiAccountPath is the page of an AMI account.
func amiAccountPath(name string) string { return recordPath("/ami-accounts/", name) }

func newAMIAccountPages(p *pages) *amiAccountPages {
	a := &amiAccountPages{}
	a.record = record[manager.Account]{
		pages: p, template: "amiaccount", list: "/ami-accounts", changed: p.runner.InvalidateStatus,
		fieldSet: fieldSet[manager.Account]{
			Type: resource.AMIAccounts(p.site.AMIAccounts), lines: []string{"deny", "permit"}, boxes: []string{"read", "write"},
			special: a.eventFilters(),
		},
		path: func(one *manager.Account) string { return amiAccountPath(one.Name) },
		load: a.account, body: a.body, drawer: a.draw, newForm: addSecret, button: a.formButton,
		lead:  "A login for a program. For access to this interface, add an administrator instead.",
		title: func(one *manager.Account) string { return "AMI account " + one.Name },
		blank: func(context.Context, *request) (*manager.Account, error) {
			return &manager.Account{AllowMultipleLogin: true, WriteTimeout: manager.DefaultWriteTimeout}, nil
		},
		created: func(ctx context.Context, _ *request, result resource.Result[manager.Account]) (response, error) {
			return a.showSecret(ctx, result.Record), nil
		},
		saved: func(_, _ *manager.Account) string { return "Saved. Apply to make it live." },
		deleted: func(one *manager.Account) string {
			return one.Name + " was deleted. Apply to remove the account from Asterisk."
		},
		consequences: amiAccountDeletion,
	}
	return a
}

// account returns the one that the address names.
func (a *amiAccountPages) account(ctx context.Context, r *request) (*manager.Account, error) {
	return a.site.AMIAccounts.Get(ctx, r.PathValue("name"))
}

func (a *amiAccountPages) routes() []route {
	const section, list, one = app.SectionAMIAccounts, "/ami-accounts", "/ami-accounts/{name}"
	return slices.Concat(a.record.routes(section, list, one), a.deleteRoutes(section, one), []route{
		get(list, section, a.index), post(list+"/check", section, a.check),
		post(one+"/disable", section, a.act("Disabled. Apply to remove the account from Asterisk.", on(a.site.AMIAccounts.Disable))),
		post(one+"/enable", section, a.act("Enabled. Apply to make it live.", on(a.site.AMIAccounts.Enable))),
		get(one+"/secret", section, a.secret),
		get(one+"/rotate", section, a.confirm(a.askRotate)), post(one+"/rotate", section, a.confirmed(a.askRotate, a.rotate)),
		post(one+"/probe", section, a.probe),
	})
}

// amiAccountListPage is the page /ami-accounts.
type amiAccountListPage struct {
	listRequest

	Heads  []tableHeader
	Items  []*manager.Account
	Paging paging
}

func (a *amiAccountPages) index(ctx context.Context, r *request) (response, error) {
	req, err := newListRequest(r, "Search by name, owner or note", a.Sort)
	if err != nil {
		return nil, err
	}
	list, err := a.site.AMIAccounts.List(ctx, manager.Query{Search: req.Search, Sort: req.order, PageRequest: req.page})
	if err != nil {
		return nil, err
	}
	return page{Name: "amiaccounts", Title: "AMI accounts", Body: amiAccountListPage{
		listRequest: req, Items: list.Items, Paging: req.paging(list.Next),
		Heads: req.headers(
			column{"Name", "name"}, column{"Owner", ""}, column{"Read", ""}, column{"Write", ""}, column{"Permit", ""},
			column{"Status", ""}, column{"Changed", "updated_at"},
		),
	}}, nil
}

// amiAccountPage is the page of one AMI account.
type amiAccountPage struct {
	*manager.Account

	Form form
	// Probe is the result of a test login; nil without one.
	Probe *probeResult
}

func (a *amiAccountPages) body(_ context.Context, _ *request, now *manager.Account, f form, _ formErrors) (any, error) {
	return amiAccountPage{Account: now, Form: f}, nil
}

// on returns an action of the service on an account.
func on(do func(ctx context.Context, name string) (*manager.Account, error)) func(context.Context, *manager.Account) error {
	return func(ctx context.Context, now *manager.Account) error {
		_, err := do(ctx, now.Name)
		return err
	}
}

func amiAccountDeletion(context.Context, *manager.Account) ([]string, error) {
	return []string{
		"The next apply removes the account from Asterisk and closes its sessions.",
		"This cannot be undone: the secret is lost. To keep the account, disable it instead.",
	}, nil
}

func (a *amiAccountPages) askRotate(_ context.Context, now *manager.Account) (confirmation, error) {
	return confirmation{
		Title: "Set a new secret for " + now.Name, Action: a.path(now) + "/rotate", Yes: "Set new secret", Username: now.Name,
		Field: newSecret("New secret"),
		Consequences: []string{
			"The new secret takes effect at the next apply. The old one no longer works after that.",
			"Update the integration at the same time.",
		},
	}, nil
}

// newSecret is the field of a new secret.
func newSecret(label string) formField {
	return formField{
		Name: "secret", Label: label, Type: "password", Autocomplete: "new-password",
		Hint: "Leave empty to generate a strong secret, which is shown only once.",
	}
}

func (a *amiAccountPages) rotate(ctx context.Context, r *request, now *manager.Account) (response, error) {
	rotated, err := a.site.AMIAccounts.Rotate(ctx, now.Name, store.NewSecret(r.form("secret")))
	if err != nil {
		return nil, err
	}
	return a.showSecret(ctx, rotated), nil
}
