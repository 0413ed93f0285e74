package guide_test

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// manuals are the documents of the library, with how many programs they have at least.
var manuals = map[string]int{"../../docs/from-genstage.md": 4, "../../docs/pipelines.md": 3}

func manual(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// fence is a block of code with its language.
var fence = regexp.MustCompile("(?ms)^```([a-z]*)\n(.*?)^```$")

// goCommand runs the go command at the root of the module, for so long at most, and
// hands over what it, or the program, wrote.
func goCommand(t *testing.T, limit time.Duration, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = filepath.Join("..", "..")
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", filepath.Base(name), strings.Join(args, " "), err, out)
	}
	return string(out)
}

// Each program of the manuals is whole, and prints what the block of text after it
// says; each test passes.
func TestProgramsInTheManualsRun(t *testing.T) {
	for file, least := range manuals {
		t.Run(filepath.Base(file), func(t *testing.T) {
			programs := 0
			blocks := fence.FindAllStringSubmatch(manual(t, file), -1)
			for i, block := range blocks {
				if block[1] != "go" {
					continue
				}
				programs++
				prints := ""
				if strings.HasPrefix(block[2], "package main\n") {
					if i+1 == len(blocks) || blocks[i+1][1] != "text" {
						t.Errorf("program %d is not followed by what it prints", programs)
						continue
					}
					prints = blocks[i+1][2]
				}
				t.Run(strconv.Itoa(programs), func(t *testing.T) { runBlock(t, block[2], prints) })
			}
			if programs < least {
				t.Errorf("the document has %d programs, want at least %d", programs, least)
			}
		})
	}
}

// runBlock builds a block and compares what it prints; one that prints nothing is a
// test. It builds quickly: without optimizing, without what a debugger needs, and, where
// the block and the library are as they were, from the cache of the go command, which
// would not do so for a folder that has another name each time.
func runBlock(t *testing.T, code, prints string) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "main.go")
	if prints == "" {
		file = filepath.Join(dir, "main_test.go")
	}
	if err := os.WriteFile(file, []byte(code), 0o600); err != nil {
		t.Fatal(err)
	}
	if prints == "" {
		goCommand(t, 3*time.Minute, "go", "test", "-count=1", "-timeout=30s", "-trimpath", "-gcflags=-N -l", "-ldflags=-s -w", file)
		return
	}
	program := filepath.Join(dir, "program")
	goCommand(t, 3*time.Minute, "go", "build", "-trimpath", "-gcflags=-N -l", "-ldflags=-s -w", "-o", program, file)
	if got := goCommand(t, 30*time.Second, program); got != prints {
		t.Errorf("it printed\n%s\nbut the document says\n%s", got, prints)
	}
}

// linked is a link to something below the root, with its text.
var linked = regexp.MustCompile(`\[([^]]+)\]\(([^):]+)\)`)

// Each link leads to a file or a heading that is there; one whose text is code leads to
// the file that declares it.
func TestLinksOfTheManuals(t *testing.T) {
	declared := map[string]map[string]bool{}
	for file := range manuals {
		checkLinks(t, fence.ReplaceAllString(manual(t, file), ""), declared)
	}
	if len(declared) < 10 {
		t.Errorf("links lead to %d files of code, which cannot be all", len(declared))
	}
}

func checkLinks(t *testing.T, prose string, declared map[string]map[string]bool) {
	t.Helper()
	headings := strings.ToLower(prose)
	for _, link := range linked.FindAllStringSubmatch(prose, -1) {
		if heading, ok := strings.CutPrefix(link[2], "#"); ok {
			if !strings.Contains(headings, "\n## "+strings.ReplaceAll(heading, "-", " ")+"\n") &&
				!strings.Contains(headings, "\n## "+heading+"\n") {
				t.Errorf("no heading is %s", link[2])
			}
			continue
		}
		to := filepath.Join("../../docs", link[2])
		if _, err := os.Stat(to); err != nil {
			t.Errorf("%s: %v", link[1], err)
			continue
		}
		text, isCode := strings.CutPrefix(strings.TrimSuffix(link[1], "`"), "`")
		if !isCode {
			continue
		}
		if declared[to] == nil {
			declared[to] = declaredIn(t, to)
		}
		if !declared[to][text] {
			t.Errorf("%s does not declare %s", link[2], text)
		}
	}
}

// declaredIn is what a file of code declares: X, and T.M for methods and fields of T.
// What an embedded inlet has, its users have.
func declaredIn(t *testing.T, file string) map[string]bool {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]bool{}
	for _, decl := range f.Decls {
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			name := decl.Name.Name
			if decl.Recv != nil {
				receiver := receiverName(decl.Recv.List[0].Type)
				if receiver == "inlet" {
					for _, of := range []string{"Consumer", "Spawner", "Transform", "Batcher", "Broadcast"} {
						all[of+"."+name] = true
					}
				}
				name = receiver + "." + name
			}
			all[name] = true
		case *ast.GenDecl:
			for _, spec := range decl.Specs {
				switch spec := spec.(type) {
				case *ast.ValueSpec:
					for _, n := range spec.Names {
						all[n.Name] = true
					}
				case *ast.TypeSpec:
					all[spec.Name.Name] = true
					var members *ast.FieldList
					switch of := spec.Type.(type) {
					case *ast.StructType:
						members = of.Fields
					case *ast.InterfaceType:
						members = of.Methods
					default:
						continue
					}
					for _, member := range members.List {
						for _, n := range member.Names {
							all[spec.Name.Name+"."+n.Name] = true
						}
					}
				}
			}
		}
	}
	return all
}

// receiverName is the name of a receiver's type.
func receiverName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return receiverName(e.X)
	case *ast.IndexExpr:
		return receiverName(e.X)
	case *ast.IndexListExpr:
		return receiverName(e.X)
	case *ast.Ident:
		return e.Name
	}
	return ""
}
