package manager

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/asteriskconf/dialect"
	"github.com/pbxusers/pbxusers/store"
)

// maxListedNames limits the names in one issue.
const maxListedNames = 20

// inspectExec returns the issues of accounts that Asterisk has and no file contains, if
// manager.conf has an #exec line. Only the running Asterisk knows them. Without it, the
// line itself is the issue.
func inspectExec(ctx context.Context, in *asteriskconf.Inspection) []asteriskconf.Issue {
	exec := findExec(in.Tree)
	if exec == nil {
		return nil
	}
	newIssue := func(blocking bool, message string) asteriskconf.Issue {
		return asteriskconf.Issue{Code: IssueExec, File: exec.File, Line: exec.Line, Message: message, Blocking: blocking}
	}
	live, err := liveNames(ctx, in.Command)
	if err != nil {
		return []asteriskconf.Issue{newIssue(false,
			"this program may print AMI accounts, which accounts of the same names would replace; Asterisk does not answer which accounts it has, so check again while it runs")}
	}
	var issues []asteriskconf.Issue
	for _, section := range addedSections(in.Change) {
		if live[FoldName(section.Name)] {
			issues = append(issues, newIssue(true, replacesAccount(section.Name)))
		}
	}
	if names := namesOfNoFile(live, in); len(names) > 0 {
		issues = append(issues, newIssue(false, "no file has these AMI accounts of Asterisk, so this program may print them: "+
			joinNames(names)+"; do not give their names to other accounts"))
	}
	return issues
}

// namesOfNoFile returns the folded names of the live accounts that no file has or had
// when Asterisk read it, sorted.
func namesOfNoFile(live map[string]bool, in *asteriskconf.Inspection) []string {
	known := foldedNames(in.Tree.ResolvedSections(), in.Change.Before, in.Change.Live, in.Change.Unverified)
	for _, section := range usersConfAccounts(in.Dir) {
		known[FoldName(section.Name)] = true
	}
	var names []string
	for name := range live {
		if !known[name] {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func joinNames(names []string) string {
	if more := len(names) - maxListedNames; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:maxListedNames], ", "), more)
	}
	return strings.Join(names, ", ")
}

// findExec returns the first #exec line, or nil.
func findExec(tree *dialect.Tree) *dialect.Finding {
	i := slices.IndexFunc(tree.Findings, func(f dialect.Finding) bool { return f.Code == dialect.FindingExec })
	if i < 0 {
		return nil
	}
	return &tree.Findings[i]
}

// checkLiveNames rejects a new account that Asterisk has already, although no file does:
// the program of an #exec line prints it, or it comes from a database.
func checkLiveNames(ctx context.Context, asterisk asteriskconf.Asterisk, change *asteriskconf.Change) error {
	added := addedSections(change)
	if len(added) == 0 {
		return nil
	}
	live, err := liveNames(ctx, asterisk.Command)
	if err != nil {
		return err
	}
	for _, section := range added {
		if live[FoldName(section.Name)] {
			return &store.ConflictError{Reason: replacesAccount(section.Name)}
		}
	}
	return nil
}

func replacesAccount(name string) string {
	return "Asterisk has an AMI account " + name + " already, which no file has: a program of an #exec line may print it; " +
		"choose another name, or remove that account and run 'manager reload'"
}

// addedSections returns the sections that Asterisk cannot have from a file of ours.
func addedSections(change *asteriskconf.Change) []dialect.Section {
	known := foldedNames(change.Before, change.Live, change.Unverified)
	return slices.DeleteFunc(slices.Clone(change.After), func(s dialect.Section) bool { return known[FoldName(s.Name)] })
}

// foldedNames returns the folded names of all sections.
func foldedNames(lists ...[]dialect.Section) map[string]bool {
	names := map[string]bool{}
	for _, sections := range lists {
		for i := range sections {
			names[FoldName(sections[i].Name)] = true
		}
	}
	return names
}

// liveNames returns the folded names of the accounts of the running Asterisk.
func liveNames(ctx context.Context, command asteriskconf.CommandFunc) (map[string]bool, error) {
	lines, err := command(ctx, "manager show users")
	return parseAccountNames(lines), err
}
