package manager

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/asteriskconf/dialect"
	"github.com/pbxusers/pbxusers/manager/ami"
)

// showConnectedCommand is the console command that lists open sessions.
const showConnectedCommand = "manager show connected"

// listedNameLength is the length at which that list truncates names.
const listedNameLength = 15

// session is one open AMI session (handle_showmanconn in main/manager.c).
type session struct {
	// name is the account name as the client wrote it, truncated.
	name    string
	address string
	// start is the login time in seconds since 1970.
	start int
	// descriptor identifies the session; -1 for one over HTTP.
	descriptor int
}

var sessionLine = regexp.MustCompile(`^  (.{15})  (.{55})  (\d+) *  (\d+) *  (-?\d+) `)

// Revoke ends the open sessions of accounts that lost rights. Asterisk copies
// an account's rights into a session at login, and a reload does not change
// them. The list of sessions truncates names after 15 characters. Therefore
// Revoke may also end a session of an unchanged account with the same
// beginning, which can log in again at once. It returns when the sessions are
// gone, with a sentence for each.
func (s *ConfSource) Revoke(ctx context.Context, asterisk asteriskconf.Asterisk, change *asteriskconf.Change) ([]string, error) {
	reduced := reducedAccounts(change)
	if len(reduced) == 0 {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, kickTimeout)
	defer cancel()
	sessions, err := listSessions(ctx, asterisk, reduced)
	if err != nil || len(sessions) == 0 {
		return nil, err
	}
	var notes []string
	var targets []session
	for _, found := range sessions {
		if found.descriptor <= 0 {
			notes = append(notes, fmt.Sprintf("a session of %s over HTTP from %s cannot be ended; it ends when it is idle",
				found.name, found.address))
			continue
		}
		targets = append(targets, found)
		notes = append(notes, fmt.Sprintf("ended an open session of %s from %s", found.name, found.address))
	}
	return notes, endSessions(ctx, asterisk, reduced, targets)
}

// Intervals and limits for asking again for sessions that should end. They end
// within milliseconds, unless Asterisk is busy: on a machine with many times more work
// than it can do, 10 seconds were once too few.
const (
	kickInterval = 20 * time.Millisecond
	kickTimeout  = 30 * time.Second
)

// endSessions ends the sessions until they are gone. A client that logs in
// again and gets the same descriptor in the same second is ended once more: it
// looks the same, and it can log in again.
func endSessions(ctx context.Context, asterisk asteriskconf.Asterisk, names map[string]bool, targets []session) error {
	tick := time.NewTicker(kickInterval)
	defer tick.Stop()
	for len(targets) > 0 {
		sessions, err := kick(ctx, asterisk, names, targets)
		if err != nil {
			return err
		}
		targets = slices.DeleteFunc(targets, func(s session) bool { return !slices.Contains(sessions, s) })
		if len(targets) == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return mismatch(targets[0].name, "an open session did not end")
		case <-tick.C:
		}
	}
	return nil
}

// kick ends each session once and returns the open ones. One of them may be our
// own session. Then the connection is lost, and the next one returns the list.
func kick(ctx context.Context, asterisk asteriskconf.Asterisk, names map[string]bool, targets []session) ([]session, error) {
	for _, target := range targets {
		_, err := asterisk.Command(ctx, "manager kick session "+strconv.Itoa(target.descriptor))
		if errors.Is(err, ami.ErrDisconnected) {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	sessions, err := listSessions(ctx, asterisk, names)
	if errors.Is(err, ami.ErrDisconnected) {
		sessions, err = listSessions(ctx, asterisk, names)
	}
	return sessions, err
}

// reducedAccounts returns the accounts with fewer rights than before, live or
// on disk, in the format of [listedName].
func reducedAccounts(change *asteriskconf.Change) map[string]bool {
	after := make(map[string]*dialect.Section, len(change.After))
	for i := range change.After {
		after[FoldName(change.After[i].Name)] = &change.After[i]
	}
	reduced := make(map[string]bool)
	for _, before := range slices.Concat(change.Before, change.Live, change.Unverified) {
		current := after[FoldName(before.Name)]
		if current == nil || reducesRights(&before, current) {
			reduced[listedName(before.Name)] = true
		}
	}
	return reduced
}

// reducesRights reports whether a session from before could have more rights
// than one from now.
func reducesRights(before, after *dialect.Section) bool {
	if slices.Equal(before.Lines, after.Lines) {
		return false
	}
	for _, key := range []string{"read", "write"} {
		if !sectionPrivileges(after, key).Has(sectionPrivileges(before, key)) {
			return true
		}
	}
	if multiple, _ := before.Value("allowmultiplelogin"); multiple == "yes" {
		if single, _ := after.Value("allowmultiplelogin"); single != "yes" {
			return true
		}
	}
	return !slices.Equal(accessLines(before), accessLines(after))
}

func sectionPrivileges(section *dialect.Section, key string) Privileges {
	value, _ := section.Value(key)
	p, err := ParsePrivileges(strings.Split(value, ",")...)
	if err != nil {
		return AllPrivileges
	}
	return p
}

// accessLines returns the lines that restrict logins and events.
func accessLines(section *dialect.Section) []dialect.Line {
	var lines []dialect.Line
	for _, line := range section.Lines {
		switch {
		case line.Key == "secret", line.Key == "deny", line.Key == "permit", line.Key == "acl",
			strings.HasPrefix(line.Key, "eventfilter"):
			lines = append(lines, line)
		}
	}
	return lines
}

// listedName returns an account name as the list of sessions shows it, in lower
// case. The list has the name as the client wrote it.
func listedName(name string) string {
	return FoldName(name[:min(len(name), listedNameLength)])
}

// listSessions returns the sessions of the given accounts.
func listSessions(ctx context.Context, asterisk asteriskconf.Asterisk, names map[string]bool) ([]session, error) {
	lines, err := asterisk.Command(ctx, showConnectedCommand)
	if err != nil {
		return nil, err
	}
	var sessions []session
	for _, line := range lines {
		if found, ok := parseSession(line); ok && names[listedName(found.name)] {
			sessions = append(sessions, found)
		}
	}
	return sessions, nil
}

func parseSession(line string) (session, bool) {
	m := sessionLine.FindStringSubmatch(line)
	if m == nil {
		return session{}, false
	}
	s := session{name: strings.TrimSpace(m[1]), address: strings.TrimSpace(m[2])}
	var errStart, errDescriptor error
	s.start, errStart = strconv.Atoi(m[3])
	s.descriptor, errDescriptor = strconv.Atoi(m[5])
	return s, errStart == nil && errDescriptor == nil
}
