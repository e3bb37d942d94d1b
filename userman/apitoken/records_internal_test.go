package apitoken

import (
	"net/netip"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store/credential"
)

func TestAuditState_coversEveryField(t *testing.T) {
	t.Parallel()
	empty := string(auditState(&Token{}))
	require.Equal(t, "{}", empty, "zero fields are left out, so that a field can be added")
	values := map[string]any{
		"ID": "x", "UserID": "x", "Description": "x", "Disabled": true, "Extensions": []string{"x"}, "Modules": []string{"x"},
		"RequestsPerHour": 7, "Addresses": []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}, "ExpiresAt": time.Unix(7, 0),
		"KeyHash": []byte("x"), "CreatedAt": time.Unix(7, 0), "UpdatedAt": time.Unix(7, 0), "KeyCreatedAt": time.Unix(7, 0),
		"KeyCreator": credential.Creator{Administrator: "x"},
	}
	counters := map[string]any{"HourStartedAt": time.Unix(7, 0), "HourRequests": 7, "LastUsedAt": time.Unix(7, 0)}
	seen := map[string]string{}
	for f := range reflect.TypeFor[Token]().Fields() {
		token := &Token{}
		field := reflect.ValueOf(token).Elem().FieldByIndex(f.Index)
		if counter, ok := counters[f.Name]; ok {
			field.Set(reflect.ValueOf(counter))
			require.Equal(t, empty, string(auditState(token)), f.Name)
			continue
		}
		require.Contains(t, values, f.Name)
		field.Set(reflect.ValueOf(values[f.Name]).Convert(f.Type))
		state := string(auditState(token))
		require.NotEqual(t, empty, state, f.Name)
		require.Empty(t, seen[state], "%s has the state of another field", f.Name)
		seen[state] = f.Name
	}
}
