package username_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/pbxusers/pbxusers/internal/username"
)

func TestFoldLogin_ignoresCaseAndFormOfDomain(t *testing.T) {
	t.Parallel()
	for want, names := range map[string][]string{
		"jane@example.com":      {"jane@example.com", " JANE@Example.COM ", "ｊａｎｅ@ｅｘａｍｐｌｅ.com"},
		"joerg@exämple.net":     {"joerg@exämple.net", "joerg@EXÄMPLE.net", "joerg@exa\u0308mple.net", "joerg@xn--exmple-cua.net", "JOERG@XN--EXMPLE-CUA.NET"},
		"jörg@mail.strasse.de":  {"jörg@mail.straße.de", "JÖRG@mail.xn--strae-oqa.de"},
		"1001":                  {"1001", "１００１"},
		"jane@xn--a":            {"jane@xn--a"},
		"jane@xn--exmple-cua_":  {"jane@xn--exmple-cua_"},
		"xn--exmple-cua.net":    {"xn--exmple-cua.net"},
		"a@xn--exmple-cua@b.de": {"a@xn--exmple-cua@b.de"},
	} {
		for _, name := range names {
			require.Equal(t, want, username.FoldLogin(name), name)
		}
	}
}

func TestFoldLogin_keepsDifferentNamesApart(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for _, name := range []string{
		"jane@example.com", "jane+pbx@example.com", "j.ane@example.com", "jane@example.org", "jane@mail.example.com", "jane", "1001", "01001", "jane@exämple.com", "jane@exæmple.com",
	} {
		folded := username.FoldLogin(name)
		require.Empty(t, seen[folded], name)
		seen[folded] = name
	}
}

func TestFoldLogin_isIdempotentAndIgnoresFold(t *testing.T) {
	t.Parallel()
	require.Equal(t, "\u0308", username.FoldLogin("\u00a8"))
	require.Equal(t, "\u0308", username.FoldLogin("\u0308"))
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.OneOf(rapid.String(), rapid.StringMatching(`[a-z+.]{1,5}@(xn--[a-z0-9-]{1,10}|[äßıａ.-]{1,5})(\.[a-z]{2})?`)).Draw(t, "name")
		folded := username.FoldLogin(name)
		require.Equal(t, folded, username.FoldLogin(folded))
		require.Equal(t, folded, username.FoldLogin(username.Fold(username.Normalize(name))))
	})
}
