package main

import (
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/internal/golden"
)

// TestGolden_help compares what --help says of each command with what it said
// before.
func TestGolden_help(t *testing.T) {
	t.Parallel()
	files := []string{}
	root := (&cli{stdin: strings.NewReader(""), stdout: io.Discard, stderr: io.Discard}).rootCommand()
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	for _, words := range commandLines(root, nil) {
		o := runLine(t, "", append(words, "--help")...)
		require.Equal(t, exitOK, o.code, o.stderr)
		require.Empty(t, o.stderr)
		name := strings.Join(append([]string{"pbxctl"}, words...), "-") + ".txt"
		files = append(files, name)
		golden.Check(t, "help/"+name, o.stdout)
	}
	golden.CheckFiles(t, "help", files)
}

// commandLines returns the words of a command and of all below it.
func commandLines(cmd *cobra.Command, words []string) [][]string {
	lines := [][]string{words}
	for _, child := range cmd.Commands() {
		lines = append(lines, commandLines(child, append(slices.Clip(words), child.Name()))...)
	}
	return lines
}
