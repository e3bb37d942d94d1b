package strictjson_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store/strictjson"
)

func TestParse_acceptsUnambiguousJSON(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`{}`, ` {"a" : [1, -0, 1.5e3, true, null, "x"]} `, `"\ud83d\ude00"`, `"\\ud83d"`, `"\u00e9\n\"\\"`, `"注"`, `[[],{},[[{}]]]`, `{"a":{"b":1},"b":{"b":1}}`,
	} {
		_, err := strictjson.Parse([]byte(body))
		require.NoError(t, err, body)
	}
}

func TestParse_rejectsAmbiguousJSON(t *testing.T) {
	t.Parallel()
	for body, code := range map[string]string{
		``: "json", `{`: "json", `{"a"}`: "json", `{a:1}`: "json", `[1,]`: "json", `{"a":1,}`: "json", `01`: "json", `nul`: "json", "\"\n\"": "json", `'a'`: "json",
		`[1 2]`: "json", `{"a" 1}`: "json", `]`: "json", `{]`: "json", "\ufeff{}": "json", `"\x"`: "json", `{"a":1 /* b */}`: "json",
		`1 2`: "json", `{}x`: "json",
		`{"a":1,"a":1}`: "duplicate", `{"a":1,"A":1}`: "duplicate", `{"a":1,"\u0061":1}`: "duplicate", `{"":1,"":1}`: "duplicate", `{"password":1,"paſſword":1}`: "duplicate", `{"key":1,"Key":1}`: "duplicate",
		"\"\xff\"": "encoding", `"\ud83d"`: "encoding", `"\ude00"`: "encoding", `"\ude00\ud83d"`: "encoding", `"\ud83d\u0041"`: "encoding", `"\\\ud83d"`: "encoding", "\"\xed\xa0\x80\"": "encoding",
		`1e400`: "number", `-1e400`: "number",
		strings.Repeat("[", 17) + strings.Repeat("]", 17):       "too_deep",
		`[` + strings.Repeat("0,", strictjson.MaxTokens) + `0]`: "too_many",
	} {
		_, err := strictjson.Parse([]byte(body))
		rejected, ok := errors.AsType[*strictjson.Error](err)
		require.True(t, ok, body)
		require.Equal(t, code, rejected.Code, body)
	}
}

// FuzzParse compares Parse with package encoding/json: it accepts valid
// JSON only, and reads the same value.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{`{}`, `{"a":[1,{"b":null}],"c":"\ud83d\ude00"}`, `{"a":1,"A":2}`, `[1,]`, `"\ud83d"`, "\"\xff\"", `1e400`, `{"a":1}{`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		parsed, err := strictjson.Parse(body)
		if err != nil {
			return
		}
		require.True(t, json.Valid(body))
		var value, again any
		require.NoError(t, json.Unmarshal(body, &value))
		sameValue, err := json.Marshal(parsed)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(sameValue, &again))
		require.Equal(t, value, again)
		written, err := json.Marshal(value)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(written, &again))
		require.True(t, reflect.DeepEqual(value, again))
		if !strings.Contains(string(body), "\ufffd") && !strings.Contains(strings.ToLower(string(body)), `\ufffd`) {
			require.NotContains(t, string(written), "\ufffd", "nothing was replaced in silence")
		}
	})
}
