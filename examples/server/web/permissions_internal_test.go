package web

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/userman/permission"
)

func TestWithRow_groupsByModule(t *testing.T) {
	t.Parallel()
	var modules []module[string]
	for _, id := range []string{"voicemail.play", "sms.numbers", "voicemail.transcribe"} {
		modules = withRow(modules, permission.Permission{ID: id}, id)
	}
	require.Equal(t, []module[string]{
		{"Voicemail", []string{"voicemail.play", "voicemail.transcribe"}},
		{"SMS", []string{"sms.numbers"}},
	}, modules)
}
