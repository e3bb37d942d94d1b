package extension

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/asteriskconf/dialect"
)

// Verify compares the devices of the running Asterisk: it must have all of the file and
// none that was removed. Of the changed ones it compares every option.
func (s *PJSIPSource) Verify(ctx context.Context, asterisk asteriskconf.Asterisk, change *asteriskconf.Change) error {
	live, err := listDevices(ctx, asterisk)
	if err != nil {
		return err
	}
	wanted := make(map[string]bool, len(change.After)/3)
	for _, section := range change.After {
		wanted[section.Name] = true
		if !live[shownName(section.Name)] {
			return deviceMismatch(section.Name, "Asterisk does not have it; see the log of Asterisk")
		}
	}
	for _, section := range slices.Concat(change.Before, change.Live) {
		if !wanted[section.Name] && live[shownName(section.Name)] && !change.OtherFileSections[dialect.FoldName(section.Name)] {
			return deviceMismatch(section.Name, "Asterisk still has it")
		}
	}
	for _, changed := range change.Sections {
		if changed.After == nil {
			continue
		}
		if err := verifyObject(ctx, asterisk, changed.After); err != nil {
			return err
		}
	}
	return nil
}

func deviceMismatch(name, difference string) error {
	return &asteriskconf.MismatchError{Object: "device " + name, Difference: difference}
}

// shownLength is how much of a name the console shows in lists: 50 characters or more,
// by the version.
const shownLength = 45

// shownName returns the part of a name that lists show.
func shownName(name string) string { return name[:min(len(name), shownLength)] }

// listDevices returns the names of all aors, as far as lists show them.
func listDevices(ctx context.Context, asterisk asteriskconf.Asterisk) (map[string]bool, error) {
	lines, err := asterisk.Command(ctx, "pjsip list aors")
	if err != nil {
		return nil, err
	}
	names := make(map[string]bool, len(lines))
	for _, line := range lines {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == "Aor:" {
			names[shownName(fields[1])] = true
		}
	}
	return names, nil
}

// verifyObject compares the options of an endpoint, an auth or an aor with those that
// Asterisk shows.
func verifyObject(ctx context.Context, asterisk asteriskconf.Asterisk, section *dialect.Section) error {
	kind, _ := section.Value("type")
	lines, err := asterisk.Command(ctx, "pjsip show "+kind+" "+section.Name)
	if err != nil {
		return err
	}
	live := parseOptions(lines)
	for _, line := range section.Lines {
		if slices.Contains([]string{"type", "disallow", "set_var"}, line.Key) { // it does not show them
			continue
		}
		got, shown := live[line.Key]
		switch want := shownValue(line); {
		case !shown:
			return deviceMismatch(section.Name, fmt.Sprintf("Asterisk has no %s with %s", kind, line.Key))
		case got == want:
		case line.Key == "password":
			return deviceMismatch(section.Name, "its password differs")
		default:
			return deviceMismatch(section.Name, fmt.Sprintf("%s is %q, not %q", line.Key, got, want))
		}
	}
	return nil
}

// parseOptions returns the options in the output of "pjsip show endpoint NAME" and the
// like.
func parseOptions(lines []string) map[string]string {
	options := map[string]string{}
	inOptions := false
	for _, line := range lines {
		key, value, found := strings.Cut(line, " : ")
		switch key = strings.TrimSpace(key); {
		case !found:
		case key == "ParameterName":
			inOptions = true
		case inOptions:
			options[key] = strings.TrimSpace(value)
		}
	}
	return options
}

// shownValue returns the value of an option as Asterisk shows it.
func shownValue(line dialect.Line) string {
	switch {
	case line.Key == "allow":
		return "(" + strings.ReplaceAll(line.Value, ",", "|") + ")"
	case line.Value == "yes":
		return "true"
	case line.Value == "no":
		return "false"
	}
	return line.Value
}
