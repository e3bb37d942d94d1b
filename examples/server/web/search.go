package web

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// searchPath is the page that searches everything that the administrator can see.
const searchPath = "/search"

// Bounds of a search: the results of a kind, and the length of the text in bytes.
const (
	maxSearchResults = 5
	maxSearchText    = 100
)

// searchPage is the page [searchPath].
type searchPage struct {
	Text   string
	Groups []searchGroup
	// Count is the number of results, with those that are not shown.
	Count int
}

// searchGroup are the results of a kind. More leads to a list with the rest.
type searchGroup struct {
	ID, Label string
	Results   []searchResult
	More      *searchMore
}

// searchMore is a link to a list of that many results.
type searchMore struct {
	pageLink
	Total int
}

// searchResult is a page that was found. Text tells it from others.
type searchResult struct{ Href, Label, Text string }

// search finds records and pages. htmx gets the results alone.
func (p *pages) search(ctx context.Context, r *request) (response, error) {
	body := searchPage{Text: strings.TrimSpace(r.query("q"))}
	if body.Text != "" && len(body.Text) <= maxSearchText {
		for _, find := range []func(context.Context, *request, string) ([]searchGroup, error){
			p.searchUsers, p.searchGroups, p.searchAMIAccounts, p.searchAdministrators, p.searchPages,
		} {
			found, err := find(ctx, r, body.Text)
			if err != nil {
				return nil, err
			}
			for _, group := range found {
				if len(group.Results) == 0 {
					continue
				}
				body.Groups, body.Count = append(body.Groups, group), body.Count+len(group.Results)
				if group.More != nil {
					body.Count += group.More.Total - len(group.Results)
				}
			}
		}
	}
	if r.isHTMX() {
		return fragment{"searchoptions", body}, nil
	}
	return page{Name: "search", Title: "Search", Body: body}, nil
}

// moreResults leads to the list of all results, if there are more.
func moreResults[T any](page *store.Page[T], list, text, plural string) *searchMore {
	if page.Next == "" {
		return nil
	}
	label := fmt.Sprintf("Show all %s %s", counted(page.Total, page.AtLeast), plural)
	return &searchMore{pageLink{listAddress(list, "search", text), label}, page.Total}
}

// searchUsers finds users in scope, and the extensions among them that begin with the
// text.
func (p *pages) searchUsers(ctx context.Context, r *request, text string) ([]searchGroup, error) {
	if !r.admin.Can(app.SectionUsers) {
		return nil, nil
	}
	list, err := p.users(ctx).List(ctx, userman.Query{Search: text, PageRequest: store.PageRequest{Limit: maxSearchResults, Count: true}})
	if err != nil {
		return nil, err
	}
	users, extensions := searchGroup{ID: "users", Label: "Users"}, searchGroup{ID: "extensions", Label: "Extensions"}
	for _, one := range list.Items {
		users.Results = append(users.Results, searchResult{userPath(one.Username), one.Name(), strings.TrimSpace(one.Username + " " + one.DefaultExtension)})
		for _, extension := range append([]string{one.DefaultExtension}, one.LinkedExtensions...) {
			if extension != "" && strings.HasPrefix(extension, text) {
				extensions.Results = append(extensions.Results, searchResult{userPath(one.Username), extension, one.Name()})
			}
		}
	}
	users.More = moreResults(list, "/users", text, "users")
	extensions.Results, _ = firstOf(extensions.Results, maxSearchResults)
	return []searchGroup{extensions, users}, nil
}

func (p *pages) searchGroups(ctx context.Context, r *request, text string) ([]searchGroup, error) {
	if !r.admin.Can(app.SectionGroups) {
		return nil, nil
	}
	groups, err := p.users(ctx).Groups().List(ctx)
	if err != nil {
		return nil, err
	}
	found := searchGroup{ID: "groups", Label: "Groups"}
	for _, g := range groups {
		if strings.Contains(userman.FoldGroupName(g.Name), userman.FoldGroupName(text)) {
			found.Results = append(found.Results, searchResult{groupPath(g.Name), g.Name, g.Description})
		}
	}
	found.Results, _ = firstOf(found.Results, maxSearchResults)
	return []searchGroup{found}, nil
}

func (p *pages) searchAMIAccounts(ctx context.Context, r *request, text string) ([]searchGroup, error) {
	if !r.admin.Can(app.SectionAMIAccounts) {
		return nil, nil
	}
	list, err := p.site.AMIAccounts.List(ctx, manager.Query{Search: text, PageRequest: store.PageRequest{Limit: maxSearchResults, Count: true}})
	if err != nil {
		return nil, err
	}
	found := searchGroup{ID: "ami-accounts", Label: "AMI accounts"}
	for _, one := range list.Items {
		found.Results = append(found.Results, searchResult{amiAccountPath(one.Name), one.Name, one.Owner})
	}
	found.More = moreResults(list, "/ami-accounts", text, "AMI accounts")
	return []searchGroup{found}, nil
}

func (p *pages) searchAdministrators(ctx context.Context, r *request, text string) ([]searchGroup, error) {
	if !r.admin.Can(app.SectionAdministrators) {
		return nil, nil
	}
	list, err := p.administrators(ctx).List(ctx, ampusers.Query{Search: text, PageRequest: store.PageRequest{Limit: maxSearchResults, Count: true}})
	if err != nil {
		return nil, err
	}
	found := searchGroup{ID: "administrators", Label: "Administrators"}
	for _, one := range list.Items {
		found.Results = append(found.Results, searchResult{administratorPath(one.Username), one.Username, one.DisplayName})
	}
	found.More = moreResults(list, "/administrators", text, "administrators")
	return []searchGroup{found}, nil
}

// searchPages finds pages, actions and settings by the words of their labels.
func (p *pages) searchPages(ctx context.Context, r *request, text string) ([]searchGroup, error) {
	found := searchGroup{ID: "pages", Label: "Pages and settings"}
	add := func(section, href, label, text string) {
		if section == "" || r.admin.Can(section) {
			found.Results = append(found.Results, searchResult{href, label, text})
		}
	}
	add("", "/", "Overview", "")
	for _, group := range areaGroupsOf(r.admin) {
		for _, a := range group.Areas {
			add(a.section, a.Href, a.Label, group.Label)
		}
	}
	add("", "/account", "Your account", "Password and second factor")
	add(app.SectionUsers, "/users/new", "Add user", "")
	add(app.SectionUsers, "/users?status=deleted", "Deleted users", "")
	add(app.SectionUsers, welcomePath, "Send welcome emails", "")
	add(app.SectionGroups, "/groups/new", "Add group", "")
	add(app.SectionGroups, "/permissions", "Permissions of groups", "")
	add(app.SectionAMIAccounts, "/ami-accounts/new", "Add AMI account", "")
	add(app.SectionAdministrators, "/administrators/new", "Add administrator", "")
	if r.admin.Can(app.SectionSettings) {
		settings, err := p.settingResults(ctx)
		if err != nil {
			return nil, err
		}
		found.Results = append(found.Results, settings...)
	}
	words := strings.Fields(strings.ToLower(text))
	found.Results = slices.DeleteFunc(found.Results, func(s searchResult) bool {
		label := strings.ToLower(s.Label + " " + s.Text)
		return slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(label, word) })
	})
	found.Results, _ = firstOf(found.Results, 2*maxSearchResults)
	return []searchGroup{found}, nil
}

// settingResults are all settings with the pages that show them.
func (p *pages) settingResults(ctx context.Context) ([]searchResult, error) {
	all, _, err := p.site.AllSettings(ctx)
	if err != nil {
		return nil, err
	}
	var results []searchResult
	for _, page := range settingsSections() {
		results = append(results, searchResult{page.Path(), page.Section + " settings", ""})
		for _, s := range sectionSettings(all, page) {
			results = append(results, searchResult{page.Path() + "#" + fieldID(s.Name), s.Label, page.Section + " settings"})
		}
	}
	return results, nil
}
