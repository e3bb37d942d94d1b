package forms_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/examples/server/web/forms"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/memstore"
)

func newForms(t *testing.T, clock func() time.Time) *forms.Forms {
	t.Helper()
	keyring, err := store.NewKeyring(store.GenerateKey())
	require.NoError(t, err)
	return forms.New(memstore.New().TTLStore(), keyring, clock)
}

func TestForms_Token_namesItsOwner(t *testing.T) {
	t.Parallel()
	f := newForms(t, time.Now)
	token := f.Token("root.admin")
	require.NotEqual(t, token, f.Token("root.admin"))
	owner, ok := f.Owner(token)
	require.True(t, ok)
	require.Equal(t, "root.admin", owner)
	for _, invalid := range []string{"", "nonsense", "!", newForms(t, time.Now).Token("root.admin"), token[:len(token)-2]} {
		_, ok = f.Owner(invalid)
		require.False(t, ok, invalid)
	}
}

func TestWithToken_addsFieldToPostedForms(t *testing.T) {
	t.Parallel()
	token := func() string { return `a"b` }
	field := `<input type="hidden" name="form_token" value="a&#34;b">`
	require.Equal(t,
		`<form method="post" action="/a">`+field+`<p></p></form><form method="get"></form><form method="post">`+field+`</form>`,
		string(forms.WithToken([]byte(`<form method="post" action="/a"><p></p></form><form method="get"></form><form method="post"></form>`), token)))
	page := []byte(`<p>&lt;form method="post"></p>`)
	require.Equal(t, string(page), string(forms.WithToken(page, func() string { panic("no form") })))
	require.Regexp(t, `^[A-Za-z0-9_-]+$`, newForms(t, time.Now).Token("x"))
}
