package manager_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
)

func TestPrivileges_String_exactNamesWithoutSpaces(t *testing.T) {
	t.Parallel()
	for want, p := range map[string]manager.Privileges{
		"none":           manager.NoPrivileges,
		"call":           manager.Call,
		"call,user":      manager.UserClass | manager.Call,
		"call,originate": manager.Call | manager.Originate,
		"system,call,log,verbose,command,agent,user,config,dtmf,reporting,cdr,dialplan,originate,agi,cc,aoc,test,security,message": manager.AllPrivileges,
	} {
		require.Equal(t, want, p.String())
	}
}

func TestPrivileges_String_neverEmptyOrAbbreviated(t *testing.T) {
	t.Parallel()
	known := make(map[string]bool)
	for _, class := range manager.Classes() {
		known[class.Name] = true
	}
	rapid.Check(t, func(t *rapid.T) {
		p := manager.Privileges(rapid.Uint32().Draw(t, "bits")) & manager.AllPrivileges
		if p == manager.NoPrivileges {
			return
		}
		for name := range strings.SplitSeq(p.String(), ",") {
			require.True(t, known[name], name)
		}
		parsed, err := manager.ParsePrivileges(strings.Split(p.String(), ",")...)
		require.NoError(t, err)
		require.Equal(t, p, parsed)
		encoded, err := json.Marshal(p)
		require.NoError(t, err)
		var decoded manager.Privileges
		require.NoError(t, json.Unmarshal(encoded, &decoded))
		require.Equal(t, p, decoded)
	})
}

func TestParsePrivileges_acceptsExactNamesOnly(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "Call", " call", "call ", "cal", "c", "calls", "!call", "call,user", "-1", "yes", "hookresponse"} {
		_, err := manager.ParsePrivileges(name)
		require.ErrorIs(t, err, store.ErrInvalid, "%q", name)
		var invalid *store.InvalidError
		require.ErrorAs(t, err, &invalid)
		require.Equal(t, "privilege", invalid.Fields[0].Code)
	}
	_, err := manager.ParsePrivileges("cal", "call", "usr")
	fields := store.FieldErrorsAt("read", err)
	require.Len(t, fields, 2)
	require.Equal(t, "read[0]", fields[0].Field)
	require.Equal(t, "read[2]", fields[1].Field)

	all, err := manager.ParsePrivileges("all")
	require.NoError(t, err)
	require.Equal(t, manager.AllPrivileges, all)
	none, err := manager.ParsePrivileges()
	require.NoError(t, err)
	require.Equal(t, manager.NoPrivileges, none)
}
