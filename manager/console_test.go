package manager_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/asteriskconf/dialect"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/manager/ami"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/memstore"
)

// fakeConsole is an Asterisk of which only the console is used.
type fakeConsole struct {
	asteriskconf.Asterisk

	run func(command string) ([]string, error)
}

func (c fakeConsole) Command(_ context.Context, command string) ([]string, error) {
	return c.run(command)
}

// sessionLine returns the line of a session in the output of "manager show connected".
func sessionLine(name string, descriptor int) string {
	return fmt.Sprintf("  %-15s  %-55s  1795320321  0           %-9d 0         2147483647  2147483647", name, "192.0.2.7", descriptor)
}

// sessionConsole has open sessions, by descriptor.
type sessionConsole struct {
	names map[int]string
	// kick is called for each command to end a session.
	kick func(descriptor int) error
	// list, if set, is called before the sessions are listed.
	list func() error
}

func (c *sessionConsole) run(command string) ([]string, error) {
	var descriptor int
	if _, err := fmt.Sscanf(command, "manager kick session %d", &descriptor); err == nil {
		return nil, c.kick(descriptor)
	}
	if c.list != nil {
		if err := c.list(); err != nil {
			return nil, err
		}
	}
	var lines []string
	for descriptor, name := range c.names {
		lines = append(lines, sessionLine(name, descriptor))
	}
	return append(lines, "2 users connected."), nil
}

// revokeCRM removes the account crm and returns the notes about its sessions.
func revokeCRM(ctx context.Context, console *sessionConsole) ([]string, error) {
	return manager.NewConfSource(memstore.New().AMIAccounts(), nil).Revoke(ctx, fakeConsole{run: console.run},
		&asteriskconf.Change{Before: []dialect.Section{{Name: "crm"}}})
}

func TestConfSource_Revoke_endsSessionsUntilGone(t *testing.T) {
	t.Parallel()
	kicks := map[int]int{}
	console := &sessionConsole{names: map[int]string{12: "crm", 13: "CRM", 14: "other"}}
	console.kick = func(descriptor int) error {
		if kicks[descriptor]++; kicks[descriptor] == 2 { // Asterisk is busy at first
			delete(console.names, descriptor)
		}
		return nil
	}
	notes, err := revokeCRM(t.Context(), console)
	require.NoError(t, err)
	require.ElementsMatch(t, []string{"ended an open session of crm from 192.0.2.7", "ended an open session of CRM from 192.0.2.7"}, notes)
	require.Equal(t, map[int]string{14: "other"}, console.names)
}

func TestConfSource_Revoke_asksAgainAfterEndOfOwnSession(t *testing.T) {
	t.Parallel()
	console := &sessionConsole{names: map[int]string{12: "crm"}}
	disconnected := 0
	console.list = func() error {
		if disconnected == 1 {
			disconnected++
			return ami.ErrDisconnected
		}
		return nil
	}
	console.kick = func(descriptor int) error {
		delete(console.names, descriptor)
		disconnected++
		return ami.ErrDisconnected
	}
	notes, err := revokeCRM(t.Context(), console)
	require.NoError(t, err)
	require.Len(t, notes, 1)
	require.Equal(t, 2, disconnected)
}

func TestConfSource_Revoke_reportsSessionThatStays(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	console := &sessionConsole{names: map[int]string{12: "crm"}, kick: func(int) error { cancel(); return nil }}
	_, err := revokeCRM(ctx, console)
	mismatch, ok := errors.AsType[*asteriskconf.MismatchError](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, "an open session did not end", mismatch.Difference)
}

func TestConfSource_Revoke_ignoresUnreadableSessions(t *testing.T) {
	t.Parallel()
	console := fakeConsole{run: func(string) ([]string, error) {
		return []string{"", "no table", strings.Replace(sessionLine("crm", 12), "1795320321", strings.Repeat("9", 30), 1)}, nil
	}}
	notes, err := manager.NewConfSource(memstore.New().AMIAccounts(), nil).Revoke(t.Context(), console,
		&asteriskconf.Change{Before: []dialect.Section{{Name: "crm"}}})
	require.NoError(t, err)
	require.Empty(t, notes)
}

func TestConfSource_Revoke_endsSessionsOfUnreadableRights(t *testing.T) {
	t.Parallel()
	section := func(read string) dialect.Section {
		return dialect.Section{Name: "crm", Lines: []dialect.Line{{Key: "read", Value: read}, {Key: "write", Value: "none"}}}
	}
	console := &sessionConsole{names: map[int]string{12: "crm"}}
	console.kick = func(descriptor int) error { delete(console.names, descriptor); return nil }
	notes, err := manager.NewConfSource(memstore.New().AMIAccounts(), nil).Revoke(t.Context(), fakeConsole{run: console.run},
		&asteriskconf.Change{Before: []dialect.Section{section("a class of the future")}, After: []dialect.Section{section("call")}})
	require.NoError(t, err)
	require.Len(t, notes, 1, "it may have had any right")
}

// A console that fails at any step fails the act, with the same error.
func TestConfSource_returnsConsoleError(t *testing.T) {
	t.Parallel()
	errConsole := errors.New("console is gone")
	after := []dialect.Section{testSection("crm", dialect.Line{Key: "acl", Value: "office"})}
	change := &asteriskconf.Change{After: after, Sections: []asteriskconf.SectionChange{{Name: "crm", After: &after[0]}}}
	for name, act := range map[string]func(ctx context.Context, source *manager.ConfSource, asterisk asteriskconf.Asterisk) error{
		"verify": func(ctx context.Context, source *manager.ConfSource, asterisk asteriskconf.Asterisk) error {
			return source.Verify(ctx, asterisk, change)
		},
		"check_change": func(ctx context.Context, source *manager.ConfSource, asterisk asteriskconf.Asterisk) error {
			return source.CheckChange(ctx, asterisk, &asteriskconf.Change{After: []dialect.Section{testSection("dialer")}})
		},
		"revoke": func(ctx context.Context, source *manager.ConfSource, asterisk asteriskconf.Asterisk) error {
			_, err := source.Revoke(ctx, asterisk, &asteriskconf.Change{Before: []dialect.Section{{Name: "test"}}})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for step := 0; ; step++ {
				left, commands := step, consoleOutput()
				err := act(testContext(t), manager.NewConfSource(memstore.New().AMIAccounts(), nil), fakeConsole{run: func(command string) ([]string, error) {
					if left--; left < 0 {
						return nil, errConsole
					}
					if strings.HasPrefix(command, "manager kick session ") {
						delete(commands, "manager show connected")
					}
					return commands[command], nil
				}})
				if left >= 0 {
					require.NoError(t, err)
					require.Positive(t, step)
					return
				}
				require.ErrorIs(t, err, errConsole, "step %d", step)
			}
		})
	}
}

func TestConfSource_CheckChange_rejectsUnsafeChange(t *testing.T) {
	t.Parallel()
	section := func(name, write string) dialect.Section {
		return dialect.Section{Name: name, Lines: []dialect.Line{{Key: "write", Value: write}}}
	}
	setvar := dialect.Section{Name: "crm", Lines: []dialect.Line{{Key: "setvar", Value: "A=1"}}}
	const applyClasses = "system,command,config"
	for _, test := range []struct {
		name   string
		change asteriskconf.Change
		want   string
	}{
		{"setvar", asteriskconf.Change{Path: "manager.d/x.conf", Before: []dialect.Section{setvar}}, "manager.d/x.conf was edited manually"},
		{"account in no file", asteriskconf.Change{After: []dialect.Section{section("CRM", "none")}}, "Asterisk has an AMI account CRM already"},
		{"account in another file", asteriskconf.Change{Live: []dialect.Section{section("crm", "none")}, After: []dialect.Section{section("CRM", "none")}}, ""},
		{"new account", asteriskconf.Change{After: []dialect.Section{section("dialer", "none")}}, ""},
		{"no apply account", asteriskconf.Change{Before: []dialect.Section{section("Apply", applyClasses)}}, "this would remove the AMI account that pbxusers uses"},
		{"fewer rights of the apply account", asteriskconf.Change{Before: []dialect.Section{section("apply", applyClasses)}, After: []dialect.Section{section("apply", "command")}}, "or rights that it needs"},
		{"more rights of the apply account", asteriskconf.Change{Before: []dialect.Section{section("apply", "command")}, After: []dialect.Section{section("apply", "all")}}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			source := manager.NewConfSource(memstore.New().AMIAccounts(), &manager.ConfSourceOptions{ApplyAccount: "apply"})
			err := source.CheckChange(t.Context(), fakeConsole{run: func(command string) ([]string, error) { return consoleOutput()[command], nil }}, &test.change)
			if test.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, store.ErrConflict)
			require.ErrorContains(t, err, test.want)
		})
	}
}

func TestCanManualAccountApply_findsAccountAndItsClasses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, content := range map[string]string{
		"manager.conf":   "[general]\nenabled = yes\n[crm]\nwrite = command,originate\n[ops]\nwrite = all\n#include \"" + manager.FileName + "\"\n",
		"users.conf":     "[general]\nhasmanager = no\n[desk]\nhasmanager = yes\nmanagerwrite = all\n[phone]\nhasmanager = no\n",
		manager.FileName: "[ours]\nwrite = all\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600))
	}
	for name, want := range map[string]string{"crm": "manager.conf:3", "OPS": "manager.conf:5", "Desk": "users.conf:3", "phone": "", "ours": "", "nobody": ""} {
		got, err := manager.NameInConfig(dir)(t.Context(), name)
		require.NoError(t, err)
		require.Equal(t, want, got, name)
	}
	for name, want := range map[string]bool{"ops": true, "ours": false, "nobody": false} {
		can, err := manager.CanManualAccountApply(dir, name)
		require.NoError(t, err, name)
		require.Equal(t, want, can, name)
	}
	_, err := manager.CanManualAccountApply(dir, "crm")
	require.ErrorIs(t, err, store.ErrConflict)
	require.ErrorContains(t, err, "the AMI account at manager.conf:3 cannot apply: it lacks ")

	_, err = manager.CanManualAccountApply(filepath.Join(dir, "none"), "crm")
	require.ErrorIs(t, err, os.ErrNotExist)
	_, err = manager.NameInConfig(filepath.Join(dir, "none"))(t.Context(), "crm")
	require.ErrorIs(t, err, os.ErrNotExist)
}
