import{t as e}from"./useQuery-BlJEBjhW.js";import{a as t,n,t as r}from"./jsx-runtime-Wy9s6hX0.js";import{F as i,H as a,J as o,P as s,Q as c,S as l,T as u,U as d,V as f,X as p,Y as m,_ as h,a as g,d as _,et as v,f as y,j as b,p as x,rt as S}from"./index-B_e35kuN.js";import{o as C}from"./lists-2kQFi8oe.js";import{r as w}from"./reports-C093FwV4.js";import{n as T}from"./zone-DpQMvXEZ.js";import{t as E}from"./use-now-CQN_xCZZ.js";import{a as D,c as O,t as k}from"./use-url-state-B7i-U2t7.js";var A=t(n(),1),j=[`curl`,`browser`,`node`,`python`,`segment`,`ga4`],M=`{"type": "product_view", "visitor_id": "v-1", "items": [{"product_id": "p-1", "price": "19.90"}]}`;function N(e,t,n){let r=`${t}/v1/events`;switch(e){case`curl`:return`# COLLECT_KEY is the secret of ${n}.
curl -s ${r} \\
  -H "Authorization: Bearer $COLLECT_KEY" \\
  -H 'Content-Type: application/json' \\
  -d '[${M}]'`;case`browser`:return`// A key of kind collect can send events and nothing else, so a page may hold it: ${n}.
fetch("${r}", {
  method: "POST",
  keepalive: true,
  headers: { "Authorization": "Bearer COLLECT_KEY", "Content-Type": "application/json" },
  body: JSON.stringify([${M}]),
});`;case`node`:return`// COLLECT_KEY is the secret of ${n}.
const answer = await fetch("${r}", {
  method: "POST",
  headers: { "Authorization": \`Bearer \${process.env.COLLECT_KEY}\`, "Content-Type": "application/json" },
  body: JSON.stringify([${M}]),
});
console.log(answer.status, await answer.json());`;case`python`:return`# COLLECT_KEY is the secret of ${n}.
import json, os, urllib.request

event = ${M}
request = urllib.request.Request(
    "${r}",
    data=json.dumps([event]).encode(),
    headers={"Authorization": f"Bearer {os.environ['COLLECT_KEY']}", "Content-Type": "application/json"},
)
print(urllib.request.urlopen(request).read().decode())`;case`segment`:return`# The body of Segment's batch, as it is. COLLECT_KEY is the secret of ${n}.
curl -s ${r} \\
  -H "Authorization: Bearer $COLLECT_KEY" \\
  -H 'Content-Type: application/json' \\
  -d '{"batch": [{"event": "Product Viewed", "anonymousId": "v-1", "messageId": "m-1",
       "properties": {"product_id": "p-1", "price": 19.9}}]}'`;case`ga4`:return`# The body of GA4's Measurement Protocol, as it is. COLLECT_KEY is the secret of ${n}.
curl -s ${r} \\
  -H "Authorization: Bearer $COLLECT_KEY" \\
  -H 'Content-Type: application/json' \\
  -d '{"client_id": "123456.7654321", "events": [{"name": "purchase",
       "params": {"transaction_id": "t-1", "currency": "EUR", "value": 31.98,
                  "items": [{"item_id": "p-1", "price": 15.99, "quantity": 2}]}}]}'`}}var P=r(),F={sender:D(j,`curl`),key:O()},I=2e3;function L(){let[t,n]=k(F),{data:r,error:l,refetch:u}=C(),h=e({queryKey:[`collector`],queryFn:g,staleTime:1/0}),[b,w]=(0,A.useState)(null),T=b??h.data??``,E=Date.now(),D=r?.filter(e=>e.kind===`collect`&&!e.revoked_at&&(!e.expires_at||Date.parse(e.expires_at)>E)),O=D?.find(({id:e})=>e===t.key)??D?.[0],M=O&&N(t.sender,T.replace(/\/$/,``),O.id);return(0,P.jsxs)(c,{title:v.sending.title,aside:(0,P.jsx)(R,{}),children:[l&&(0,P.jsx)(y,{error:l,retry:()=>void u()}),!l&&!r&&(0,P.jsx)(x,{height:280}),D&&!O&&(0,P.jsxs)(_,{title:v.sending.noKey,children:[(0,P.jsx)(`p`,{children:v.sending.noKeyHint}),(0,P.jsx)(S,{href:`/keys?create=collect`,className:d,children:v.sending.createKey})]}),O&&M&&(0,P.jsxs)(p,{children:[(0,P.jsxs)(m,{children:[(0,P.jsx)(`p`,{children:v.sending.intro}),(0,P.jsxs)(`div`,{className:o.pair,children:[(0,P.jsx)(f,{label:v.sending.key,value:O.id,options:(D??[]).map(({id:e,name:t})=>[e,`${t} · ${e}`]),onChange:e=>n({key:e},{replace:!0})}),(0,P.jsx)(a,{label:v.sending.collector,type:`url`,value:T,onChange:w})]}),(0,P.jsxs)(`div`,{className:`${o.row} ${o.spread}`,children:[(0,P.jsx)(s,{label:v.sending.title,value:t.sender,options:j.map(e=>[e,v.sending.senders[e]??e]),onChange:e=>n({sender:e},{replace:!0})}),(0,P.jsx)(i,{value:M})]}),(0,P.jsx)(`pre`,{children:M}),(0,P.jsx)(`p`,{className:`soft`,children:v.sending.secretHint})]}),(0,P.jsxs)(m,{children:[(0,P.jsx)(`h2`,{children:v.sending.check}),v.sending.checks.map(e=>(0,P.jsx)(`p`,{children:e},e)),(0,P.jsx)(`p`,{children:(0,P.jsx)(S,{href:`/rejects`,children:v.rejects.title})})]})]})]})}function R(){let{zone:e}=u(),t=T(E(6e4),e),{data:n}=w({metrics:[`events`],time:{from:t,tz:e,granularity:`total`}},I),r=n?.totals.values.events??0;return(0,P.jsx)(`span`,{role:`status`,children:r>0?(0,P.jsx)(b,{tone:`good`,dot:`beating`,children:v.sending.arrived(h(r,l))}):(0,P.jsx)(b,{tone:`warn`,dot:`still`,children:v.sending.waiting})})}export{L as default};