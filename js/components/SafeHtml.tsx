// The only place where HTML from the kernel enters the page. It was made and sanitised by
// render.py; everything else in this front end is text.
import { useApp } from "./context.ts";

export function SafeHtml({ html, class: className = "" }: { html: string; class?: string }) {
  const { synced } = useApp();
  // Python speaks the language of the page that came last; our own words are this page's.
  return <HtmlOfKernel html={html} lang={synced.lang} class={className} />;
}

interface Props {
  html: string;
  lang: string;
  class?: string;
}

export function HtmlOfKernel({ html, lang, class: className = "" }: Props) {
  if (!html) return null;
  return (
    <div
      class={`inginious-html ${className}`}
      lang={lang}
      dangerouslySetInnerHTML={{ __html: html }}
    />
  );
}
