package live

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"
)

// Our own files are committed; third-party files are copied by scripts/assets.sh into a
// folder that is not. Both go into the binary.
var (
	//go:embed own
	own embed.FS
	//go:embed borrowed
	borrowed embed.FS
)

// contentTypes are the kinds of files that are served; others stay inside. The list is ours
// because the mime package's differs from machine to machine.
var contentTypes = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
}

// AssetsBuilt reports whether the third-party files were there when the binary was built.
// Without them the pages are plain HTML that works.
func AssetsBuilt() bool {
	for _, name := range []string{"idiomorph.esm.js", "uPlot.esm.js", "uPlot.min.css"} {
		if _, err := fs.Stat(borrowed, "borrowed/"+name); err != nil {
			return false
		}
	}
	return true
}

// assets are the static files by the path below /static/.
type assets struct {
	files map[string]asset
	build string // changes when any of them does
}

type asset struct {
	body []byte
	kind string
	etag string
}

func readAssets() (assets, error) {
	a := assets{files: map[string]asset{}}
	all := sha256.New()
	for _, folder := range []embed.FS{own, borrowed} {
		err := fs.WalkDir(folder, ".", func(name string, d fs.DirEntry, err error) error {
			kind := contentTypes[path.Ext(name)]
			if err != nil || d.IsDir() || kind == "" {
				return err
			}
			body, err := folder.ReadFile(name)
			if err != nil {
				return err
			}
			sum := sha256.Sum256(body)
			all.Write(sum[:])
			a.files[strings.TrimPrefix(name, "own/")] = asset{body, kind, `"` + hex.EncodeToString(sum[:12]) + `"`}
			return nil
		})
		if err != nil {
			return assets{}, err
		}
	}
	a.build = hex.EncodeToString(all.Sum(nil)[:8])
	return a, nil
}

// serve looks names up in a map, so there is no path to climb out of.
func (a assets) serve(w http.ResponseWriter, r *http.Request) {
	file, ok := a.files[r.PathValue("path")]
	if !ok {
		http.Error(w, "no such file", http.StatusNotFound)
		return
	}
	h := w.Header()
	h.Set("Content-Type", file.kind)
	h.Set("ETag", file.etag)
	h.Set("Cache-Control", "no-cache")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(file.body))
}
