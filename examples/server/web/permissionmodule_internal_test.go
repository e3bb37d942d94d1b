package web

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/userman"
)

func TestWithRow_groupsByModule(t *testing.T) {
	t.Parallel()
	var modules []module[string]
	for _, id := range []string{"voicemail.play", "sms.numbers", "voicemail.transcribe"} {
		modules = withRow(modules, userman.Permission{ID: id}, id)
	}
	require.Equal(t, []module[string]{
		{"Voicemail", []string{"voicemail.play", "voicemail.transcribe"}},
		{"SMS", []string{"sms.numbers"}},
	}, modules)
}
