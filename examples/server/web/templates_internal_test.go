package web

import (
	"io/fs"
	"regexp"
	"strings"
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

// Forms get their token by this tag.
func TestPages_postedFormsHaveTheTagOfTokens(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`<form\b[^>]*>`)
	posted := 0
	require.NoError(t, fs.WalkDir(templateFiles, "templates", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := templateFiles.ReadFile(path)
		require.NoError(t, err)
		for _, tag := range form.FindAllString(string(content), -1) {
			require.Regexp(t, `<form (method="post"|.*method="(get|dialog)")`, tag, path)
			if strings.HasPrefix(tag, `<form method="post"`) {
				posted++
			}
		}
		return nil
	}))
	require.Greater(t, posted, 30)
}
