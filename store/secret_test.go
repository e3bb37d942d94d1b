package store_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
)

const hunter2 = "hunter2-hunter2"

func TestSecret_Format_redactsForEveryVerb(t *testing.T) {
	t.Parallel()
	type exported struct{ Secret store.Secret }
	type unexported struct {
		secret  store.Secret
		pointer *store.Secret
	}
	secret := store.NewSecret(hunter2)
	values := map[string]any{
		"value":             secret,
		"pointer":           &secret,
		"exported field":    exported{secret},
		"pointer to struct": &exported{secret},
		"unexported field":  unexported{secret, &secret},
		"slice":             []store.Secret{secret},
		"map":               map[string]store.Secret{"crm": secret},
		"interface":         []any{secret, &secret},
		"error":             fmt.Errorf("login with %v failed", secret),
		"joined errors":     errors.Join(fmt.Errorf("%s", secret), fmt.Errorf("%#v", exported{secret})),
	}
	verbs := []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%d", "%b", "%o", "%c", "%U", "%e", "%t", "%p", "%T", "%10s", "%-40v", "%.3s", "%w"}
	for name, value := range values {
		for _, verb := range verbs {
			printed := fmt.Sprintf(verb, value)
			require.NotContains(t, printed, "hunter", "%s with %s", name, verb)
			require.NotContains(t, printed, fmt.Sprintf("%x", "hunter"), "%s with %s", name, verb)
			require.NotContains(t, printed, fmt.Sprintf("%X", "hunter"), "%s with %s", name, verb)
			require.NotContains(t, printed, "104 117 110", "%s with %s", name, verb)
		}
	}
	require.Equal(t, "[redacted]", secret.String())
	require.Equal(t, "{[redacted]}", fmt.Sprintf("%v", exported{secret}))
}

func TestSecret_LogValue_redacts(t *testing.T) {
	t.Parallel()
	secret := store.NewSecret(hunter2)
	type account struct{ Secret store.Secret }
	for _, makeHandler := range []func(*bytes.Buffer) slog.Handler{
		func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
		func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
	} {
		var log bytes.Buffer
		slog.New(makeHandler(&log)).Info("login", "secret", secret, "pointer", &secret,
			"account", account{secret}, "accounts", []account{{secret}}, slog.Group("g", "secret", secret))
		require.NotContains(t, log.String(), "hunter")
		require.Contains(t, log.String(), "[redacted]")
	}
}

func TestSecret_MarshalJSON_redacts(t *testing.T) {
	t.Parallel()
	account := struct {
		Secret  store.Secret  `json:"secret"`
		Pointer *store.Secret `json:"pointer"`
		None    store.Secret  `json:"none"`
	}{Secret: store.NewSecret(hunter2), Pointer: new(store.NewSecret(hunter2))}
	document, err := json.Marshal(account)
	require.NoError(t, err)
	require.JSONEq(t, `{"secret":"[redacted]","pointer":"[redacted]","none":""}`, string(document))

	type element struct {
		Secret store.Secret `xml:"secret"`
	}
	document, err = xml.Marshal(element{account.Secret})
	require.NoError(t, err)
	require.NotContains(t, string(document), "hunter")
}

func TestSecret_UnmarshalJSON_readsPlainString(t *testing.T) {
	t.Parallel()
	var fromJSON, fromText store.Secret
	require.NoError(t, json.Unmarshal([]byte(`"`+hunter2+`"`), &fromJSON))
	require.Equal(t, hunter2, fromJSON.Reveal())
	require.NoError(t, json.Unmarshal([]byte(`null`), &fromJSON))
	require.Equal(t, hunter2, fromJSON.Reveal(), "null changes nothing")
	require.NoError(t, fromText.UnmarshalText([]byte(hunter2)))
	require.Equal(t, hunter2, fromText.Reveal())

	err := json.Unmarshal([]byte(`{"secret":"`+hunter2+`"}`), &fromJSON)
	require.Error(t, err)
	require.NotContains(t, err.Error(), "hunter")
}

func TestSecret_IsZero_printsAsEmpty(t *testing.T) {
	t.Parallel()
	for _, none := range []store.Secret{{}, store.NewSecret("")} {
		require.True(t, none.IsZero())
		require.Empty(t, none.Reveal())
		require.Empty(t, none.String())
		require.Empty(t, fmt.Sprintf("%x%#v", none, none))
		require.Equal(t, store.Secret{}, none)
	}
}

func TestSecret_Equal_comparesValues(t *testing.T) {
	t.Parallel()
	secret := store.NewSecret(hunter2)
	require.True(t, secret.Equal(store.NewSecret(hunter2)))
	require.False(t, secret.Equal(store.NewSecret(hunter2+"x")))
	require.False(t, secret.Equal(store.Secret{}))
	require.True(t, store.Secret{}.Equal(store.NewSecret("")))
	require.Equal(t, secret, store.NewSecret(hunter2), "reflection, too, compares what is held")
}
