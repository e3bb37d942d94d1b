package userman_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/pbxusers/pbxusers/userman"
)

// fullyNamed is somebody with another text in each field that is searched.
func fullyNamed() (u *userman.User, texts []string) {
	u = &userman.User{
		ID: "id", Username: "Jane.Admin", DisplayName: "Boss", FirstName: "Zoë", LastName: "van Straße", Description: "two\nlines", Title: "Dr.",
		Company: "ÉCOLE", Department: "北京", Email: "J@example.com", FurtherEmails: []string{"a@b.org", "c@d.net"},
		CellPhone: "+49 (30) 12-34", HomePhone: "771", WorkPhone: "772", Fax: "773 x5",
		ExternalID: "HR-17", DefaultExtension: "0100", LinkedExtensions: []string{"2001", "2002"},
	}
	texts = []string{
		u.Username, u.DisplayName, u.FirstName, u.LastName, "Zoë van Straße", u.Description, u.Title, u.Company, u.Department,
		u.Email, "a@b.org", "c@d.net", u.CellPhone, u.HomePhone, u.WorkPhone, u.Fax, u.ExternalID, u.DefaultExtension, "2001", "2002",
	}
	return u, texts
}

func TestASearchFindsTheTextOfEachFieldInAnyCase(t *testing.T) {
	t.Parallel()
	u, texts := fullyNamed()
	for _, text := range texts {
		for _, search := range []string{text, strings.ToUpper(text), strings.ToLower(text)} {
			require.True(t, userman.Query{Search: search}.Matches(u), search)
		}
		require.False(t, userman.Query{Search: text + "?"}.Matches(u), text)
	}
	require.False(t, userman.Query{Search: "id"}.Matches(u))
}

func TestASearchDoesNotReachOverTheEndOfAField(t *testing.T) {
	t.Parallel()
	u, _ := fullyNamed()
	for _, search := range []string{"Jane.Admin\nBoss", "Jane.AdminBoss", "Jane.Admin Boss", "20012002", "2001\n2002", "a@b.org\nc"} {
		require.False(t, userman.Query{Search: search}.Matches(u), search)
	}
}

func TestATelephoneNumberIsFoundByItsDigits(t *testing.T) {
	t.Parallel()
	for search, want := range map[string]string{
		"+49 30": "4930", "(030) 1-2.3/4*#": "0301234", "1234": "", "": "", "+": "", "12a": "", "１２": "", "x5": "", "1\n2": "",
	} {
		require.Equal(t, want, userman.SearchDigits(search), search)
	}
	u, _ := fullyNamed()
	for search, found := range map[string]bool{
		"+49301234": true, "49 30 12 34": true, "30/1234": true, "7735": true, "773-5": true, "493012345": false, "77 1772": false,
	} {
		require.Equal(t, found, userman.Query{Search: search}.Matches(u), search)
	}
}

func TestWhatIsInAFieldIsFound(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		word, rest := rapid.String().Draw(t, "word"), rapid.String().Draw(t, "rest")
		// A space on both sides: letters may join with marks beside them.
		u := &userman.User{Username: "jane", Department: rest + " " + word + " " + rest}
		require.True(t, userman.Query{Search: " " + word + " "}.Matches(u))
		text := userman.SearchText(u)
		require.Equal(t, 9, strings.Count(text, "\n"), "each field is one line")
	})
}

func FuzzFoldSearch(f *testing.F) {
	for _, search := range []string{"", "Jane", "jose\u0301", "\xff\xfe", "a\nb", "İ\u0307", "ﬁ", "+49 (30)"} {
		f.Add(search)
	}
	f.Fuzz(func(t *testing.T, search string) {
		folded := userman.FoldSearch(search)
		require.Equal(t, folded, userman.FoldSearch(folded))
		require.NotContains(t, folded, "\n")
		require.Empty(t, strings.Trim(userman.SearchDigits(search), "0123456789"))
		require.True(t, userman.Query{Search: search}.Matches(&userman.User{Title: search}))
	})
}
