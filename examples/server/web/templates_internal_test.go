package web

import (
	"io/fs"
	"regexp"
	"strings"
	"testing"
	"time"

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

func TestTimeLeft_roundsToMinutes(t *testing.T) {
	t.Parallel()
	for left, text := range map[time.Duration]string{
		0: "", time.Second: "Less than a minute left.", 70 * time.Second: "About a minute left.", 100 * time.Second: "About 2 minutes left.",
		119 * time.Minute: "About 119 minutes left.", 150 * time.Minute: "About 3 hours left.",
	} {
		require.Equal(t, text, timeLeft(left))
	}
}
