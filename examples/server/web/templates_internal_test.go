package web

import (
	"io/fs"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

// The Content-Security-Policy forbids both.
func TestPages_haveNoInlineScriptOrStyle(t *testing.T) {
	t.Parallel()
	forbidden := regexp.MustCompile(`(?i)\sstyle=|\son[a-z]+=|hx-on|javascript:|<style|<script(?: defer)?>|https?://`)
	read := 0
	require.NoError(t, fs.WalkDir(templateFiles, "templates", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := templateFiles.ReadFile(path)
		require.NoError(t, err)
		require.Empty(t, forbidden.FindAllString(string(content), -1), path)
		read++
		return nil
	}))
	require.Greater(t, read, 50)
}
