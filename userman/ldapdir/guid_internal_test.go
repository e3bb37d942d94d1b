package ldapdir

import (
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/require"
)

func TestGuidFilter_roundTripsGUIDText(t *testing.T) {
	t.Parallel()
	value := []byte("\x33\x22\x11\x00\x55\x44\x77\x66\x88\x99\xaa\xbb\xcc\xdd\xee\xff")
	text, ok := guidText(value)
	require.True(t, ok)
	require.Equal(t, "00112233-4455-6677-8899-aabbccddeeff", text)
	filter, ok := guidFilter(text)
	require.True(t, ok)
	require.Equal(t, `\33\22\11\00\55\44\77\66\88\99\aa\bb\cc\dd\ee\ff`, filter)
	for _, invalid := range []string{"", "*", "*)(uid=*", text[1:], strings.ReplaceAll(text, "-", ""), strings.ToUpper(text), text + "00", "-" + text} {
		_, ok := guidFilter(invalid)
		require.False(t, ok, invalid)
	}
}

// The filter matches only the external ID, for any ID.
func FuzzFilterFor(f *testing.F) {
	for _, id := range []string{"", "*", "*)(uid=*", `\`, "a\x00b", "\xff", "00112233-4455-6677-8899-aabbccddeeff", "(|(a=b))", "日本"} {
		f.Add(id)
	}
	f.Fuzz(func(t *testing.T, id string) {
		for _, attribute := range []string{"entryUUID", objectGUID} {
			d := &Directory{opts: Options{ExternalID: attribute}.withDefaults()}
			filter, ok := d.filterFor(id)
			if !ok {
				continue
			}
			packet, err := ldap.CompileFilter(filter)
			require.NoError(t, err)
			require.Len(t, packet.Children, 2, "the filter of users, and one comparison")
			compared := packet.Children[1]
			require.EqualValues(t, ldap.FilterEqualityMatch, compared.Tag)
			require.Equal(t, attribute, compared.Children[0].Data.String())
			value := compared.Children[1].Data.String()
			if attribute == objectGUID {
				value, _ = guidText([]byte(value))
			}
			require.Equal(t, id, value)
		}
	})
}
