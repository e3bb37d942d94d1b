package web_test

import (
	"bytes"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/apitoken"
)

var userFormPattern = regexp.MustCompile(`(?s)<form method="post" action="(/users/[^"]+)"[^>]*>(.*?)</form>`)

// userFormActions returns the actions of the forms about a user. Each form must
// contain the ID of the user.
func (b *browser) userFormActions(u *userman.User, pages ...string) []string {
	b.Helper()
	var actions []string
	for _, page := range pages {
		found := userFormPattern.FindAllStringSubmatch(b.get("/users/"+u.Username+page, http.StatusOK), -1)
		require.NotEmpty(b, found, page)
		for _, form := range found {
			if !strings.HasSuffix(form[1], "?user="+string(u.ID)) {
				require.Equal(b, string(u.ID), b.hiddenValue(form[2], "user"), form[1])
			}
			actions = append(actions, form[1])
		}
	}
	return actions
}

func TestPages_userFormsActOnShownUserAfterRename(t *testing.T) {
	t.Parallel()
	opts := withMailer(newFakeMailer())
	mailed := opts.Users
	opts.Users = func(o *userman.Options) {
		mailed(o)
		o.SIPAccounts = fakeSIPAccounts("PJSIP")
	}
	b := start(t, opts)
	users := b.server.Site.Users
	jane := b.createUser(userman.User{Username: "jane.roe", Email: "jane@example.com"})
	_, err := users.SetPicture(t.Context(), "jane.roe", bytes.NewReader(testPNG(t)), nil)
	require.NoError(t, err)
	created, _, err := b.server.Site.Tokens.Create(t.Context(), "jane.roe", &apitoken.Token{})
	require.NoError(t, err)
	token := "/tokens/" + string(created.ID)
	actions := b.userFormActions(jane, "", "/password", "/link", "/softphone", "/second-factor/remove", "/mail/welcome", "/mail/reset",
		"/tokens/new", token, token+"/rotate", token+"/delete", "/delete")
	require.GreaterOrEqual(t, len(actions), 20)

	_, err = users.Update(t.Context(), "jane.roe", func(u *userman.User) error {
		u.Username = "jane.smith"
		return nil
	})
	require.NoError(t, err)
	other := b.createUser(userman.User{Username: "jane.roe", Email: "other@example.com"})
	for _, action := range actions {
		response, page := b.server.Post(t, b.client, action, url.Values{"user": {string(jane.ID)}, "extensions": {"all"}, "modules": {"all"}})
		led := response.Header.Get("Location")
		if response.StatusCode != http.StatusSeeOther {
			require.Contains(t, []int{http.StatusUnprocessableEntity, http.StatusConflict}, response.StatusCode, action)
			led = userFormPattern.FindStringSubmatch(page)[1]
		}
		require.NotContains(t, led, "jane.roe", action)
	}
	require.Equal(t, other, b.user("jane.roe"))
	tokens, err := b.server.Site.Tokens.List(t.Context(), "", store.PageRequest{})
	require.NoError(t, err)
	require.Len(t, tokens.Items, 1, "one was created and the other deleted")
	require.NotEqual(t, created.ID, tokens.Items[0].ID)
	require.Equal(t, jane.ID, tokens.Items[0].UserID)
	gone, err := users.GetByID(t.Context(), jane.ID)
	require.NoError(t, err)
	require.False(t, gone.DeletedAt.IsZero())
	for _, action := range actions {
		b.post(action, url.Values{"user": {string(jane.ID)}}, http.StatusNotFound)
	}
	require.Equal(t, other, b.user("jane.roe"))
}

func TestPages_newUserNeedsNameOrUsername(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	form := b.recordForm(b.get("/users/new", http.StatusOK))
	require.Contains(t, b.post("/users/new", form, http.StatusUnprocessableEntity), "Enter a first and last name, or a username.")
}

func TestPages_menuOfUserDoesNotRepeatMainAction(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.createUser(userman.User{Username: "jane.roe", FirstName: "Jane", LastName: "Roe", Email: "jane.roe@example.com"})
	page := b.get("/users/jane.roe", http.StatusOK)
	require.Equal(t, 1, strings.Count(page, `form="do-welcome"`))
	require.Equal(t, 1, strings.Count(page, `form="do-reset"`))
	require.Regexp(t, `jane\.roe\s+<span class="badge`, page, "no dot without an extension")
	require.Less(t, strings.Index(page, "/users/jane.roe/password"), strings.Index(page, "Email blocked"))
}
