// Package ui is the window: it wires the panels and the viewport to a study under review. Widgets present and call back;
// what follows from a callback is decided here.
//
// Everything in this package runs on one goroutine, the window's. Work that takes long runs elsewhere on immutable copies
// and answers through post; answers for a study, image or request that is gone are dropped.
package ui

import (
	"fmt"
	"log/slog"
	"os"
	"reflect"
	"sync"
	"time"

	"fyne.io/fyne/v2"
	fyneapp "fyne.io/fyne/v2/app"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver"
	"fyne.io/fyne/v2/lang"

	"echoline/assets"
	"echoline/inference"
	"echoline/internal/contour"
	"echoline/internal/fault"
	"echoline/internal/models"
	"echoline/internal/review"
	"echoline/internal/store"
	"echoline/internal/study"
	"echoline/internal/text"
	"echoline/ui/keys"
	"echoline/ui/panel"
	"echoline/ui/theme"
	"echoline/ui/viewer"
)

// firstOpacity is how strongly the heatmap covers the image at first.
const firstOpacity = 0.4

// appID names the program to the desktop.
const appID = "org.echoline.viewer"

// Config is what the window is made of. cmd/echoline fills it.
type Config struct {
	Version   string
	Paths     []string // what to open; empty opens what was open last, at first the demo study
	Workspace string   // folder
	ConfigDir string   // for settings
	DemoDir   string   // where the demo study is written
	Seconds   []string // folders for what the workspace cannot take, the most wanted first
	// Predictor loads the model in use in the workspace. With both a predictor and an error the predictor serves in another's
	// place, and the error says why.
	Predictor func() (inference.Predictor, error)
	Ships     func() string                                               // file of the model that ships; nil: not known
	OpenModel func(file string, threads int) (inference.Predictor, error) // to compare models; nil: cannot be
	Log       *slog.Logger
	// Patience is how long the window waits for the workspace's drive; 0 is the usual.
	Patience time.Duration
}

// App is the window.
type App struct {
	cfg      Config
	log      *slog.Logger
	fyne     fyne.App
	win      fyne.Window
	set      *Settings
	settings keeper       // of set
	post     func(func()) // runs f on the window's goroutine
	end      func()       // ends the program, once nothing is left to save

	toolbar   *panel.Toolbar
	list      *panel.WorkList
	inspector *panel.Inspector
	strip     *panel.CineStrip
	status    *panel.StatusBar
	view      *viewer.Viewport
	frame     *frame
	room      *fyne.Container // toolbar and frame
	pageRoom  *fyne.Container // what stands in their place while a page is shown
	keys      *keys.Dispatcher
	actions   map[keys.ID]func()

	ws        *store.Workspace
	predictor inference.Predictor
	modelErr  error
	standsIn  bool // the predictor serves in the place of a model that could not be read

	lookingAgain bool // whether that one can be read by now

	calibration *models.Calibration // what the model in use got here; nil for none
	trust       trust
	newModel    string // SHA-256 of a model that the page of models is to show first
	reckoning   func() // ends the reckoning of trust under way; nil while there is none

	keeping    sync.Mutex // held while a prediction is stored
	sess       *session
	demoMaking sync.Mutex   // while the demo study is being written
	reading    *reading     // the opening under way
	taking     *study.Study // whose review is being got from the workspace
	resume     *spot        // where to go on once it is there; nil: at its first image
	retry      *time.Timer  // the next try to save; nil when everything is saved
	alerts     [alertCount]*alert
	question   *panel.Card // about unsaved work
	leaving    *leaving    // what waits for it to be saved
	wide       bool        // the agreement page tells of the whole project, not of the study on show
	talk       talk
	judging    judging
	docket     *docket // what is being adjudicated; nil: a reader works
	player     player
	ruler      ruler
	pointed    contour.Point // where the pointer last was in the image
	pointing   bool          // it is there still
	measuring  measuring
	sizeMM     float64 // radius of the tools on calibrated images
	sizePx     float64 // and on others
	growMM     float64 // step of growing and shrinking, likewise
	growPx     float64
	growing    growing
	working    int         // works of pages under way beside the window
	awayTimer  *time.Timer // looks whether the workspace is back; nil while none stands in for it
	slowSince  time.Time   // since when the workspace's drive does not answer; zero while it does

	proj   projectView
	guide  *panel.GuidelinePanel
	visit  visit
	now    func() time.Time
	noting sync.WaitGroup // notes of visits under way

	page   *panel.Page // on show in place of the image; nil: none
	pageID keys.ID     // which

	line    panel.Status
	opacity float64 // of the heatmap and the mask

	overlayOff, heatmap, band bool
	hidden                    bool // the overlay is held away
	travelling                bool // several edits are being undone or redone: the window follows at the end
	presetAt                  int  // of study.Presets
}

// CodeDisplay is the fault of a start without a screen that can draw a window.
const CodeDisplay fault.Code = "app.display"

// Run opens the window and returns when it closes. Without a display, or OpenGL on it, it gives the fault CodeDisplay.
func Run(cfg Config) error {
	a := newApp(cfg, fyneapp.NewWithID(appID), fyne.Do)
	// Not by the toolkit's Quit: as it shuts down, the hook that it queues for its own preferences races with the end of
	// its queue, and about one quit in forty hangs or panics. By now everything is on the disk.
	a.end = func() { os.Exit(0) }
	a.fyne.Lifecycle().SetOnStarted(a.start)
	if err := opened(a.win); err != nil {
		return err
	}
	a.fyne.Run()
	return nil
}

// opened shows a window for the first time. Where the toolkit cannot open one it panics, or only logs why and would then
// wait for ever.
func opened(w fyne.Window) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fault.New(CodeDisplay, "", fmt.Errorf("%v", r), nil)
		}
	}()
	w.Show()
	if n, ok := w.(driver.NativeWindow); ok {
		n.RunNative(func(handle any) {
			if reflect.ValueOf(handle).IsZero() {
				err = fault.New(CodeDisplay, "", nil, nil)
			}
		})
	}
	return err
}

// newApp makes the window on an app of the toolkit. post hands work to the window's goroutine.
func newApp(cfg Config, fy fyne.App, post func(func())) *App {
	a := &App{
		cfg: cfg, log: cfg.Log, fyne: fy, set: LoadSettings(cfg.ConfigDir), post: post, end: fy.Quit,
		player: player{speed: 1}, now: time.Now, sizeMM: sizesMM.first, sizePx: sizesPx.first, growMM: growsMM.first, growPx: growsPx.first, opacity: firstOpacity,
	}
	a.settings.write, a.settings.fail = a.set.write, func(err error) { a.log.Warn("settings not saved", "err", err) }
	if a.set.Language == "" {
		a.set.Language = lang.SystemLocale().LanguageString()
	}
	text.SetLanguage(a.set.Language)
	theme.SetLight(a.set.Light)
	a.fyne.Settings().SetTheme(theme.New())
	a.fyne.SetIcon(fyne.NewStaticResource("echoline.svg", assets.Emblem))
	a.win = a.fyne.NewWindow(text.T("app.title"))
	a.win.SetMaster()
	a.win.SetPadded(false)
	a.build()
	a.win.Resize(fyne.NewSize(a.set.Width, a.set.Height))
	a.win.SetCloseIntercept(a.close)
	a.win.SetOnDropped(func(_ fyne.Position, uris []fyne.URI) { a.dropped(uris) })
	return a
}

// build makes the panels and puts them into the window.
func (a *App) build() {
	a.view = viewer.New()
	a.toolbar = panel.NewToolbar()
	a.list = panel.NewWorkList()
	a.inspector = panel.NewInspector()
	a.guide = panel.NewGuidelinePanel()
	a.guide.OnClose, a.guide.OnHint = a.closeGuideline, func(s string) { a.status.SetHover(s) }
	a.guide.Hide()
	a.strip = panel.NewCineStrip()
	a.status = panel.NewStatusBar()
	a.strip.Hide()
	a.frame = newFrame(a.list, container.NewBorder(nil, a.strip, nil, nil, a.view), container.NewStack(a.inspector, a.guide))
	a.bindActions()
	a.bindPanels()
	a.bindPointer()
	a.bindPages()
	a.room = container.NewBorder(a.toolbar, nil, nil, nil, a.frame.box)
	a.pageRoom = container.NewStack()
	a.pageRoom.Hide()
	a.win.SetContent(container.NewBorder(nil, a.status, nil, nil, container.NewStack(a.room, a.pageRoom)))
	a.bindKeys()
	a.refreshToolbar()
	a.refreshInspector()
}

// start runs once the window is on the screen.
func (a *App) start() {
	a.log.Debug("window", "event", "window-shown")
	a.watchPulse()
	if a.set.Acknowledged && a.set.Reader != "" {
		a.openWorkspace()
		return
	}
	if len(a.cfg.Paths) == 0 {
		a.showAhead()
	}
	panel.ShowFirstStart(a.win, panel.FirstStart{Reader: a.set.Reader, OnDone: func(reader string) {
		a.set.Acknowledged, a.set.Reader = true, review.ReaderName(reader)
		a.saveSettings()
		a.openWorkspace()
	}})
}

// saveSettings has the settings written as they are now.
func (a *App) saveSettings() {
	data, err := a.set.encode()
	if err != nil {
		a.log.Warn("settings not saved", "err", err)
		return
	}
	a.settings.keep(data)
}

// elapsed gives the time since t to the second, for people.
func elapsed(t time.Time) time.Duration { return time.Since(t).Round(time.Second) }
