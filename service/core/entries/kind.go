package entries

import "strings"

// A Kind is what an entry is, for people: a number in the database, a word on
// the wire. The numbers never change.
type Kind uint8

// The kinds. Those from Other on are regular files.
const (
	Folder        Kind = 1
	Symlink       Kind = 2
	Special       Kind = 3 // a socket, fifo or device
	Other         Kind = 4
	Document      Kind = 5
	Image         Kind = 6
	Video         Kind = 7
	Audio         Kind = 8
	Archive       Kind = 9
	Code          Kind = 10
	Text          Kind = 11
	Book          Kind = 12
	Font          Kind = 13
	Database      Kind = 14
	Executable    Kind = 15
	DiskImage     Kind = 16
	Configuration Kind = 17
	Spreadsheet   Kind = 18
	Presentation  Kind = 19
	Model         Kind = 20 // of something with three dimensions
	Message       Kind = 21
	Key           Kind = 22 // or certificate
	Data          Kind = 23
)

var kindNames = [...]string{
	Folder: "folder", Symlink: "symlink", Special: "special", Other: "other",
	Document: "document", Image: "image", Video: "video", Audio: "audio", Archive: "archive",
	Code: "code", Text: "text", Book: "book", Font: "font", Database: "database",
	Executable: "executable", DiskImage: "disk_image", Configuration: "configuration",
	Spreadsheet: "spreadsheet", Presentation: "presentation", Model: "model", Message: "message",
	Key: "key", Data: "data",
}

// String returns the kind's word on the wire.
func (k Kind) String() string {
	if int(k) < len(kindNames) && kindNames[k] != "" {
		return kindNames[k]
	}
	return "other"
}

// Regular reports whether entries of the kind are regular files.
func (k Kind) Regular() bool { return k >= Other }

// ParseKind returns the kind with the given word.
func ParseKind(word string) (k Kind, ok bool) {
	for k, name := range kindNames {
		if name == word && word != "" {
			return Kind(k), true
		}
	}
	return 0, false
}

// KindNames lists the words of all kinds.
func KindNames() []string { return kindNames[Folder:] }

// longestExtension is that of the table below, in bytes, with room to spare.
const longestExtension = 16

// KindOfName returns the kind of a regular file by its name.
func KindOfName(name string) Kind {
	var buf [longestExtension]byte
	dot := strings.LastIndexByte(name, '.')
	if dot > 0 {
		if ext := lower(&buf, name[dot+1:]); ext != nil {
			if k, ok := byExtension[string(ext)]; ok {
				return k
			}
		}
		return Other
	}
	if whole := lower(&buf, strings.TrimPrefix(name, ".")); whole != nil {
		if k, ok := byName[string(whole)]; ok {
			return k
		}
	}
	if dot == 0 && strings.HasSuffix(name, "rc") {
		return Configuration
	}
	return Other
}

// lower returns s in lower-case ASCII, in buf, and nil where it is too long to
// be in a table.
func lower(buf *[longestExtension]byte, s string) []byte {
	if len(s) > longestExtension {
		return nil
	}
	for i := range len(s) {
		c := s[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		buf[i] = c
	}
	return buf[:len(s)]
}

// extensions lists, kind by kind, the extensions of files of the kind.
var extensions = map[Kind]string{
	Document:      "pdf doc docx dot dotx docm odt ott fodt rtf pages wpd wps tex ps eps xps oxps djvu djv gdoc hwp hwpx lyx abw one vsd vsdx odg pub mht mhtml",
	Spreadsheet:   "xls xlsx xlsm xlsb xlt xltx ods ots fods numbers gsheet csv tsv",
	Presentation:  "ppt pptx pptm pps ppsx pot potx odp otp fodp key gslides",
	Image:         "jpg jpeg jpe jfif png gif bmp dib tif tiff webp heic heif avif jxl jp2 j2k jpf jpx svg svgz ico icns cur psd psb xcf kra ora ai indd raw dng cr2 cr3 crw nef nrw arw srf sr2 orf rw2 raf pef x3f 3fr erf mrw tga pcx ppm pgm pbm pnm xbm xpm exr hdr dds wmf emf qoi",
	Video:         "mp4 m4v mkv webm mov qt avi wmv asf flv f4v mpg mpeg mpe m2v mts m2ts vob ogv ogm 3gp 3g2 rm rmvb divx mxf dv y4m swf",
	Audio:         "mp3 m4a m4b aac flac wav wave ogg oga opus wma aif aiff aifc alac ape wv mka mid midi amr ac3 dts dsf dff au snd ra mpc tta caf xm mod s3m it m3u m3u8 pls cue",
	Archive:       "zip tar gz tgz bz2 tbz tbz2 xz txz lz lz4 lzma lzo zst tzst 7z rar cab arj lha lzh z cpio ar rpm deb apk ipa jar war ear whl gem crate xpi crx sit sitx ace zipx br pax snap flatpak nupkg egg vsix",
	Code:          "go c h cc cpp cxx hpp hxx hh inl m mm swift rs py pyw pyi pyx ipynb rb php phtml java kt kts scala groovy gradle clj cljs edn cs fs fsx vb js mjs cjs jsx tsx vue svelte astro html htm xhtml css scss sass less styl sh bash zsh fish ksh csh bat cmd ps1 psm1 psd1 pl pm t lua r jl hs lhs ml mli elm ex exs erl hrl lisp el scm rkt asm s nasm pas pp d dart nim zig v sv vhd vhdl f f90 f95 for cob cbl ada adb ads tcl awk sed sql proto thrift graphql gql wat glsl vert frag hlsl wgsl cu cmake mk mak bzl nix tf hcl j2 tmpl tpl erb haml pug ejs hbs mustache xsl xslt xsd dtd coffee cr rake gemspec podspec sol move patch diff vim po pot",
	Text:          "txt text md markdown mdown rst adoc asciidoc org log nfo readme textile me man srt sub vtt ass ssa lrc ltx bib lic",
	Book:          "epub mobi azw azw3 azw4 kfx fb2 lit prc pdb ibooks cbz cbr cb7 cbt chm",
	Font:          "ttf otf ttc otc woff woff2 eot pfb pfm afm bdf pcf fon dfont",
	Database:      "db db3 sqlite sqlite3 s3db mdb accdb dbf frm ibd myd myi fdb gdb realm kdb rdb ldb duckdb odb parquet orc avro",
	Executable:    "exe com msi msix appx scr dll so dylib o obj a lib ko sys drv elf bin run app appimage out class pyc pyo pyd wasm dex node ocx cpl efi",
	DiskImage:     "iso img dmg vhd vhdx vmdk vdi qcow qcow2 qed ova ovf toast nrg mdf mds bif udf squashfs sfs wim esd vfd hdd simg sparseimage sparsebundle",
	Configuration: "conf config cfg cnf ini toml yaml yml json json5 jsonc jsonl ndjson xml plist properties env desktop service socket timer mount target rules reg inf lock editorconfig gitignore gitattributes gitmodules dockerignore npmrc prefs xcconfig pbxproj sln csproj vcxproj mod sum ovpn nmconnection",
	Model:         "stl blend fbx gltf glb dae 3ds max ply 3mf step stp iges igs dwg dxf skp f3d sldprt sldasm scad usd usda usdc usdz ifc x3d wrl gcode",
	Message:       "eml emlx msg mbox pst ost ics ical vcf vcard nws",
	Key:           "pem crt cer der p12 pfx p7b p7c p7s csr pub asc gpg pgp sig kdbx jks keystore ppk crl age minisig",
	Data:          "dat data npy npz mat h5 hdf5 hdf nc fits sav dta rds rdata pkl pickle feather arrow msgpack cbor bson pcap pcapng geojson kml kmz gpx shp shx gpkg tfrecord onnx pt pth safetensors gguf ckpt tflite torrent bak tmp part crdownload cache idx pack",
}

// names lists files that are known by their whole name, a leading dot aside.
var names = map[Kind]string{
	Text:          "readme license licence copying authors contributors changelog changes news install notice todo thanks credits version",
	Code:          "makefile gnumakefile dockerfile containerfile vagrantfile rakefile gemfile jenkinsfile procfile justfile cmakelists build workspace",
	Configuration: "gitignore gitattributes gitmodules gitconfig editorconfig dockerignore npmignore profile bash_profile bash_logout zprofile zshenv zlogin env hgignore mailmap clang-format xinitrc xresources inputrc fstab hosts passwd group crontab",
	Data:          "ds_store",
}

var byExtension, byName = table(extensions), table(names)

func table(lists map[Kind]string) map[string]Kind {
	t := make(map[string]Kind)
	for k := range Kind(len(kindNames)) { // in order, so that the first kind has a disputed word
		for _, word := range strings.Fields(lists[k]) {
			if _, taken := t[word]; !taken {
				t[word] = k
			}
		}
	}
	return t
}
