package userman_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/pbxusers/pbxusers/userman"
)

// userWithAllFields is somebody with another text in each field that is searched.
func userWithAllFields() (u *userman.User, texts []string) {
	u = &userman.User{
		ID: "id", Username: "Jane.Admin", DisplayName: "Boss", FirstName: "Zoë", LastName: "van Straße", Description: "two\nlines", Title: "Dr.",
		Company: "ÉCOLE", Department: "北京", Email: "J@example.com", OtherEmails: []string{"a@b.org", "c@d.net"},
		CellPhone: "+49 (30) 12-34", HomePhone: "771", WorkPhone: "772", Fax: "773 x5",
		ExternalID: "HR-17", DefaultExtension: "0100", LinkedExtensions: []string{"2001", "2002"},
	}
	texts = []string{
		u.Username, u.DisplayName, u.FirstName, u.LastName, "Zoë van Straße", u.Description, u.Title, u.Company, u.Department,
		u.Email, "a@b.org", "c@d.net", u.CellPhone, u.HomePhone, u.WorkPhone, u.Fax, u.ExternalID, u.DefaultExtension, "2001", "2002",
	}
	return u, texts
}

func TestQuery_Match_searchesEveryFieldCaseInsensitively(t *testing.T) {
	t.Parallel()
	u, texts := userWithAllFields()
	for _, text := range texts {
		for _, search := range []string{text, strings.ToUpper(text), strings.ToLower(text)} {
			require.True(t, userman.Query{Search: search}.Match(u), search)
		}
		require.False(t, userman.Query{Search: text + "?"}.Match(u), text)
	}
	require.False(t, userman.Query{Search: "id"}.Match(u))
}

func TestQuery_Match_wordStaysWithinOneField(t *testing.T) {
	t.Parallel()
	u, _ := userWithAllFields()
	for _, search := range []string{"Jane.AdminBoss", "20012002", "a@b.orgc"} {
		require.False(t, userman.Query{Search: search}.Match(u), search)
	}
}

func TestSearchDigits_findsPhoneNumbers(t *testing.T) {
	t.Parallel()
	for search, want := range map[string]string{
		"+49 30": "4930", "(030) 1-2.3/4*#": "0301234", "1234": "", "": "", "+": "", "12a": "", "１２": "", "x5": "", "1\n2": "",
	} {
		require.Equal(t, want, userman.SearchDigits(search), search)
	}
	u, _ := userWithAllFields()
	for search, found := range map[string]bool{
		"+49301234": true, "49 30 12 34": true, "30/1234": true, "7735": true, "773-5": true, "493012345": false, "77 1772": false,
	} {
		require.Equal(t, found, userman.Query{Search: search}.Match(u), search)
	}
}

func TestSearchText_containsEveryWord(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		word, rest := rapid.String().Draw(t, "word"), rapid.String().Draw(t, "rest")
		// A space on both sides: letters may join with marks beside them.
		u := &userman.User{Username: "jane", Department: rest + " " + word + " " + rest}
		require.True(t, userman.Query{Search: " " + word + " "}.Match(u))
		text := userman.SearchText(u)
		require.Equal(t, 2, strings.Count(text, "\n"), "each field is one line")
	})
}

func TestQuery_Match_findsWordsInAnyOrder(t *testing.T) {
	t.Parallel()
	u := &userman.User{FirstName: "Bernd", LastName: "Rossi", Email: "b.rossi@example.com"}
	for search, found := range map[string]bool{
		"rossi bernd": true, "ross  BERN": true, "Bernd Rossi": true, "rossi example": true, "rossi anna": false,
		"b r o s i d e n z": true, "b r o s i d e n ä": true, "ä b r": false,
	} {
		require.Equal(t, found, userman.Query{Search: search}.Match(u), search)
	}
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
		require.True(t, userman.Query{Search: search}.Match(&userman.User{Title: search}))
	})
}
