// The only place where HTML from the kernel enters the page. It was made and sanitised by
// render.py; everything else in this front end is text.
import { useApp } from "./context.ts";

export function SafeHtml({ html }: { html: string }) {
  // Python speaks the language of the page that came last; our own words are this page's.
  return HtmlOfKernel({ html, lang: useApp().synced.lang });
}

export function HtmlOfKernel({ html, lang }: { html: string; lang: string }) {
  if (!html) return null;
  return <div class="inginious-html" lang={lang} dangerouslySetInnerHTML={{ __html: html }} />;
}
