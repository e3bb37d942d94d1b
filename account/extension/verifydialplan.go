package extension

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/asteriskconf/dialect"
)

// Verify compares every line of the contexts with the dialplan of the running Asterisk.
func (s *DialplanSource) Verify(ctx context.Context, asterisk asteriskconf.Asterisk, change *asteriskconf.Change) error {
	for i := range change.After {
		if err := verifyContext(ctx, asterisk, &change.After[i]); err != nil {
			return err
		}
	}
	return nil
}

func verifyContext(ctx context.Context, asterisk asteriskconf.Asterisk, section *dialect.Section) error {
	lines, err := asterisk.Command(ctx, "dialplan show "+section.Name)
	if err != nil {
		return err
	}
	live := parseDialplan(lines)
	wanted := make(map[string]bool, len(section.Lines))
	for _, line := range section.Lines {
		number, rest, _ := strings.Cut(line.Value, ",")
		priority, application, _ := strings.Cut(rest, ",")
		key := number + "," + priority
		wanted[key] = true
		if got, found := live[key]; !found || got != application {
			return dialplanMismatch(section.Name, number, fmt.Sprintf("priority %s is %q, not %q", priority, got, application))
		}
	}
	for key := range live {
		if !wanted[key] {
			number, priority, _ := strings.Cut(key, ",")
			return dialplanMismatch(section.Name, number, fmt.Sprintf("Asterisk has a priority %s, which was not written", priority))
		}
	}
	return nil
}

func dialplanMismatch(name, number, difference string) error {
	return &asteriskconf.MismatchError{Object: "number " + number + " of the context " + name, Difference: difference}
}

// dialplanLine is a line of "dialplan show": the number, which only its first line has,
// then the priority or "hint:", the application, and where it was read.
var dialplanLine = regexp.MustCompile(`^ +(?:'([^']+)' => +)?(?:(\d+)\. |(hint): )(.*?) *\[[^][]*\]$`)

// parseDialplan returns the applications in the output of "dialplan show CONTEXT" by the
// number and the priority, joined by a comma.
func parseDialplan(lines []string) map[string]string {
	applications := make(map[string]string, len(lines))
	number := ""
	for _, line := range lines {
		m := dialplanLine.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		if m[1] != "" {
			number = m[1]
		}
		applications[number+","+m[2]+m[3]] = m[4]
	}
	return applications
}
