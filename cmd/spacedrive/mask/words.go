package mask

import "strings"

// ownWords are words of the programs' own, and of the systems' around them.
const ownWords = `
ok error warning problem skipped warn info debug trace fatal panic
open closed opening closing failed running queued paused completed cancelled online offline scanning watching polling
json cbor auto journald console default own systemd launchd stdio off on true false none null
shallow content deep scan hash index image video audio document text code archive font book database executable folder other symlink unknown
query action core library libraries location locations job jobs entry entries search files file path name kind mode state status size
server event daemon instance store logs listen notify job location library spacedrive spacedrived spacedrive.service spacedrive.socket
config configuration data home local share flag environment calls answers memory spacedrive.target default.target sockets.target root linux darwin amd64 arm64
active inactive activating deactivating enabled disabled loaded not-found listening dead success exit-code signal start-limit-hit trigger-limit-hit
shutdown unsubscribed half-close starting stopping stopped protocol version client connection connections subscription
`

// ownPhrases are such of more than one word.
var ownPhrases = []string{
	"settings", "program", "data folder", "socket", "unit", "daemon", "version", "watch limit", "disk space", "log", "instance", "library",
	"a client asked for it", "signal: terminated", "signal: interrupt", "the session has ended",
}

func set(words string) map[string]bool {
	all := make(map[string]bool)
	for _, w := range strings.Fields(words) {
		all[w] = true
	}
	return all
}

// Folders below / that every machine has: of topFolders the name says nothing,
// and what is in systemFolders neither.
var (
	topFolders    = set(`home Users mnt media tmp var srv opt run root private Volumes data dev usr etc`)
	systemFolders = set(`usr etc lib lib32 lib64 bin sbin proc sys dev boot nix System Library user.slice system.slice`)
)

// ownFolders are the components of paths that the programs and the desktop's
// conventions make.
var ownFolders = set(`
spacedrive spacedrived daemon daemon.sock daemon.sock.lock daemon.log logs lock libraries catalogue.json libraries.json library.db
library.db.lock library.db-wal library.db-shm instances config.toml debug.json
.local .config .cache share state bin lib systemd user spacedrive.service spacedrive.socket spacedrive@.service spacedrive@.socket
`)

// publicHosts are hosts in addresses that tell nothing of anybody.
var publicHosts = set(`github.com localhost 127.0.0.1 [::1]`)

// keptKeys are the keys of JSON objects whose texts are the programs' own
// words, numbers and ids.
var keptKeys = set(`
id time version go state status code level target type event_types method scope encoding trace_id phase activation origin held
source key instance network client program peer_program kernel distribution systemd system machine program_version log_format
features event_types since boot_id field
`)

// textKeys are those of free text.
var textKeys = set(`message error hint reason fix panic why note cause help output`)

// dumpKeys are those of goroutines.
var dumpKeys = set(`stack goroutine_dump`)

// pathKeys are those of paths, where these are not absolute.
var pathKeys = set(`path paths data_dir file socket current location folder root`)

// nameKinds are the keys of names, with what begins their pseudonyms.
var nameKinds = map[string]string{
	"host": "host", "user": "user", "owner": "user",
	"name": "name", "new_name": "name", "library": "name", "text": "name", "query": "name", "value": "name",
}

// extensions are file name extensions that tell nothing but the kind.
var extensions = func() map[string]bool {
	all := make(map[string]bool)
	for ext := range set(`
		7z aac aiff apk arw asf avi avif bak bin bmp bz2 c cbz cfg class conf cpp cr2 cr3 cs css csv cue dat db deb dll dmg dng doc docx dwg
		eml eps epub exe flac flv gif go gz h hdr heic heif hpp htm html ico ics ini iso jar java jpeg jpg js json jsonl jxl key kt lock log lua
		m4a m4v mbox md mid midi mka mkv mobi mov mp3 mp4 mpeg mpg msg nef numbers odp ods odt ogg ogv old opus orf otf pages part pdf php pkg
		pl png ppt pptx ps psd py raf rar raw rb rpm rs rtf rw2 sh so socket sql sqlite srt svg swift tar tex tgz tif tiff tmp toml torrent ts
		ttf txt vcf vob vtt war wav webm webp wma wmv woff woff2 xcf xls xlsx xml xmp xz yaml yml zip zst service timer sock
	`) {
		all["."+ext] = true
	}
	return all
}()
