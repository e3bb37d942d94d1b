package web

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/userman/permission"
)

func TestWithRow_groupsByModule(t *testing.T) {
	t.Parallel()
	var modules permissionTable
	row := func(id string) permissionControl {
		return newPermissionControl(permission.Permission{ID: id, Kind: permission.KindBool}, "", formErrors{})
	}
	for _, id := range []string{"voicemail.play", "sms.numbers", "voicemail.transcribe"} {
		modules = withRow(modules, permission.Permission{ID: id}, row(id))
	}
	require.Equal(t, permissionTable{
		{"Voicemail", []permissionControl{row("voicemail.play"), row("voicemail.transcribe")}},
		{"SMS", []permissionControl{row("sms.numbers")}},
	}, modules)
}

func TestPermissionControl_Unset_isWhatNobodySet(t *testing.T) {
	t.Parallel()
	p := permission.Permission{ID: "a.b", Kind: permission.KindStrings}
	require.True(t, newPermissionControl(p, "", formErrors{}).Unset())
	require.False(t, newPermissionControl(p, "append x", formErrors{}).Unset())
	require.False(t, newPermissionControl(p, " typed", formErrors{}).Unset())
	rejected := newPermissionControl(p, "", formErrors{})
	rejected.Choice.Errors = []string{"wrong"}
	require.False(t, rejected.Unset())
	inherited := newPermissionControl(p, "", formErrors{})
	inherited.Why = &permission.Explanation{Grants: []permission.Grant{{Layer: permission.LayerDefault}}}
	require.True(t, inherited.Unset())
	inherited.Why.Grants = append([]permission.Grant{{Layer: permission.LayerGroup}}, inherited.Why.Grants...)
	require.False(t, inherited.Unset())
}
